# SPDX-License-Identifier: MIT
"""if the innermost swallows a cancel, the outer ones never notice it."""
import asyncio


async def inner():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        print("inner swallows")
    return 7


async def outer(task):
    value = await task
    await asyncio.sleep(0)
    return value


async def main():
    task = asyncio.create_task(inner())
    waiter = asyncio.create_task(outer(task))
    await asyncio.sleep(0)
    waiter.cancel()
    print(await waiter, waiter.cancelling(), task.cancelling())


asyncio.run(main())
