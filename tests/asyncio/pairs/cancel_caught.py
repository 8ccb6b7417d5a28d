# SPDX-License-Identifier: MIT
"""a task may catch its cancel and return a value, and was not cancelled then."""
import asyncio


async def stubborn():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        return 42


async def main():
    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    print(task.cancel())
    print(await task, task.cancelled(), task.cancelling())


asyncio.run(main())
