# SPDX-License-Identifier: MIT
"""a group refuses tasks when it is not open, or ending."""
import asyncio


async def fails():
    raise ValueError


async def attempt(group):
    coro = asyncio.sleep(0)
    try:
        group.create_task(coro)
        print("accepted")
    except RuntimeError:
        print("refused")
        coro.close()


async def late(group):
    try:
        await asyncio.sleep(100)
    finally:
        await attempt(group)


async def main():
    group = asyncio.TaskGroup()
    await attempt(group)
    async with group:
        await attempt(group)
    await attempt(group)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(late(group))
            await asyncio.sleep(0)
            group.create_task(fails())
    except ExceptionGroup:
        print("failed")


asyncio.run(main())
