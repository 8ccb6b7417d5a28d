# SPDX-License-Identifier: MIT
"""a child that is cancelled is no failure of its group."""
import asyncio


async def work(turns):
    for _ in range(turns):
        await asyncio.sleep(0)


async def main():
    async with asyncio.TaskGroup() as group:
        one = group.create_task(work(100))
        other = group.create_task(work(3))
        await asyncio.sleep(0)
        one.cancel()
    print(one.cancelled(), other.cancelled(), other.done())


asyncio.run(main())
