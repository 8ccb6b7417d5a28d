# SPDX-License-Identifier: MIT
"""what a callback schedules runs in the next tick."""
import asyncio


def callback(depth):
    print("callback", depth)
    if depth < 3:
        asyncio.get_running_loop().call_soon(callback, depth + 1)


async def main():
    asyncio.get_running_loop().call_soon(callback, 0)
    for step in range(4):
        print("main", step)
        await asyncio.sleep(0)


asyncio.run(main())
