# SPDX-License-Identifier: MIT
"""who waits for the next one goes on two ticks after it, also if it was done before."""
import asyncio


async def ticks():
    for tick in range(8):
        print("tick", tick)
        await asyncio.sleep(0)


async def work(turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    print("work", turns)
    return turns


async def body():
    tasks = [asyncio.create_task(work(turns)) for turns in (0, 1)]
    for coro in asyncio.as_completed(tasks):
        print("next", await coro)
    for coro in asyncio.as_completed(tasks[:1]):
        print("again", await coro)


async def main():
    clock = asyncio.create_task(ticks())
    await asyncio.create_task(body())
    await clock


asyncio.run(main())
