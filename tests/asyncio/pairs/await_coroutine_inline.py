# SPDX-License-Identifier: MIT
"""a coroutine that is awaited runs in its caller's task, at once."""
import asyncio


async def inner():
    print("inner in", asyncio.current_task().get_name())
    return 3


async def other():
    print("other")


async def main():
    asyncio.current_task().set_name("main")
    task = asyncio.create_task(other())
    print(await inner())
    print(await asyncio.create_task(inner(), name="child"))
    await task


asyncio.run(main())
