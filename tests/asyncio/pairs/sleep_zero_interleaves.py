# SPDX-License-Identifier: MIT
"""sleep(0) lets each runnable task make one step."""
import asyncio


async def steps(name, count):
    for step in range(count):
        print(name, step)
        await asyncio.sleep(0)


async def main():
    others = [asyncio.create_task(steps("a", 2)), asyncio.create_task(steps("b", 4))]
    await steps("main", 3)
    for other in others:
        await other


asyncio.run(main())
