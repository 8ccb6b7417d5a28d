# SPDX-License-Identifier: MIT
"""a coroutine becomes a task, a future is itself."""
import asyncio


async def work():
    return 4


async def main():
    task = asyncio.ensure_future(work())
    print(asyncio.isfuture(task), asyncio.ensure_future(task) is task)
    print(await task)


asyncio.run(main())
