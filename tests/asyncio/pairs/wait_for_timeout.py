# SPDX-License-Identifier: MIT
"""what does not end in time is cancelled, and waited for."""
import asyncio


async def work():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        print("cleans up")
        await asyncio.sleep(0)
        print("clean")
        raise


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    for awaitable in task, work():
        try:
            await asyncio.wait_for(awaitable, 0.01)
        except asyncio.TimeoutError as error:
            print(type(error).__name__)
    print(task.cancelled(), asyncio.current_task().cancelling())


asyncio.run(main())
