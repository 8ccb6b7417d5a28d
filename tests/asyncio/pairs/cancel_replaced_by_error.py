# SPDX-License-Identifier: MIT
"""an error raised while a cancel is handled replaces it."""
import asyncio


async def work():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        raise ValueError from None


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except ValueError as error:
        print(type(error).__name__, task.cancelled(), task.done())


asyncio.run(main())
