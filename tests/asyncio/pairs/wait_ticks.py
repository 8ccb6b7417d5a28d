# SPDX-License-Identifier: MIT
"""wait goes on two ticks after the task that ends it, and after its call if all are done."""
import asyncio


async def ticks():
    for tick in range(8):
        print("tick", tick)
        await asyncio.sleep(0)


async def work(turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    print("work", turns)


async def body():
    tasks = [asyncio.create_task(work(turns)) for turns in (0, 1)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    print("first of", len(done))
    await asyncio.wait(tasks)
    print("all")


async def main():
    clock = asyncio.create_task(ticks())
    await asyncio.create_task(body())
    await clock


asyncio.run(main())
