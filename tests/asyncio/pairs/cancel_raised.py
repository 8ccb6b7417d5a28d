# SPDX-License-Identifier: MIT
"""who raises CancelledError itself counts as cancelled, with no request."""
import asyncio


async def work():
    raise asyncio.CancelledError


async def main():
    task = asyncio.create_task(work())
    try:
        await task
    except asyncio.CancelledError:
        print(task.cancelled(), task.cancelling())
    print(asyncio.current_task().cancelling())


asyncio.run(main())
