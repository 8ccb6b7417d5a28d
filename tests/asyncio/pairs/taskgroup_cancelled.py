# SPDX-License-Identifier: MIT
"""who is cancelled in a group has its tasks cancelled, and is cancelled itself."""
import asyncio


async def sleeps():
    try:
        await asyncio.sleep(100)
    finally:
        print("child is cancelled")


async def parent():
    async with asyncio.TaskGroup() as group:
        group.create_task(sleeps())


async def main():
    task = asyncio.create_task(parent())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print(task.cancelled(), task.cancelling())


asyncio.run(main())
