# SPDX-License-Identifier: MIT
"""a shield's callback takes a tick: who awaits it goes on two after what is behind it."""
import asyncio


async def ticks():
    for tick in range(8):
        print("tick", tick)
        await asyncio.sleep(0)


async def work():
    await asyncio.sleep(0)
    print("work")


async def body():
    await asyncio.shield(work())
    print("shielded")
    task = asyncio.create_task(work())
    await task
    await asyncio.shield(task)
    print("was done")


async def main():
    clock = asyncio.create_task(ticks())
    await asyncio.create_task(body())
    await clock


asyncio.run(main())
