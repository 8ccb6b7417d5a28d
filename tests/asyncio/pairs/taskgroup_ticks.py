# SPDX-License-Identifier: MIT
"""a group is left two ticks after its last task, one if another has failed just before, and
cancels one tick after one has failed."""
import asyncio


async def ticks():
    for tick in range(8):
        print("tick", tick)
        await asyncio.sleep(0)


async def work(turns):
    try:
        for _ in range(turns):
            await asyncio.sleep(0)
    finally:
        print("work", turns)


async def fails():
    print("fails")
    raise ValueError


async def body():
    async with asyncio.TaskGroup() as group:
        group.create_task(work(0))
        group.create_task(work(1))
    print("left")


async def fails_beside(turns):
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work(turns))
            group.create_task(fails())
    except ExceptionGroup:
        print("failed")


async def main():
    for coro in (body(), fails_beside(5), fails_beside(1)):
        clock = asyncio.create_task(ticks())
        await asyncio.create_task(coro)
        await clock


asyncio.run(main())
