# SPDX-License-Identifier: MIT
"""a group is left when all its tasks are over, those included that its tasks add."""
import asyncio


async def work(name, turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    print(name, "ends")


async def adds(group):
    await asyncio.sleep(0)
    group.create_task(work("added", 3))
    print("adds")


async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(work("a", 2))
        group.create_task(adds(group))
        print("body ends")
    print("left")


asyncio.run(main())
