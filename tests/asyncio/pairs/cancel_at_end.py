# SPDX-License-Identifier: MIT
"""a task that cancels itself and returns is cancelled, and its value is lost."""
import asyncio


async def work():
    asyncio.current_task().cancel()
    return 42


async def main():
    task = asyncio.create_task(work())
    try:
        print(await task)
    except asyncio.CancelledError as error:
        print(type(error).__name__, task.cancelled())


asyncio.run(main())
