# SPDX-License-Identifier: MIT
"""a task that is cancelled in its sleep wakes, and who awaits it sees it."""
import asyncio


async def sleeper():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        print("woken")
        raise


async def main():
    task = asyncio.create_task(sleeper())
    await asyncio.sleep(0)
    print(task.cancel(), task.done())
    try:
        await task
    except asyncio.CancelledError:
        print("main sees it,", asyncio.current_task().cancelling())
    print(task.cancelled(), task.cancelling(), task.cancel())


asyncio.run(main())
