# SPDX-License-Identifier: MIT
"""a gather's callback takes a tick: who awaits it goes on two after the last child."""
import asyncio


async def ticks():
    for tick in range(8):
        print("tick", tick)
        await asyncio.sleep(0)


async def work(turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    print("work", turns)
    if turns == 3:
        raise ValueError


async def body():
    await asyncio.gather(work(0), work(1))
    print("all")
    inner = asyncio.gather(work(0), work(1))
    await asyncio.gather(inner, work(2))
    print("nested")


async def fails():
    try:
        await asyncio.gather(work(3), work(4))
    except ValueError:
        print("failed")


async def main():
    for function in (body, fails):
        clock = asyncio.create_task(ticks())
        await asyncio.create_task(function())
        await clock


asyncio.run(main())
