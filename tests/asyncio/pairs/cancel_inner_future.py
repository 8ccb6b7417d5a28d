# SPDX-License-Identifier: MIT
"""who awaits what is cancelled is cancelled, though nobody cancelled it."""
import asyncio


async def waiter(future):
    try:
        await future
    except asyncio.CancelledError:
        print("waiter", asyncio.current_task().cancelling())
        raise


async def main():
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(waiter(future))
    await asyncio.sleep(0)
    future.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("main", asyncio.current_task().cancelling())
    print(task.cancelled(), task.cancelling())


asyncio.run(main())
