# SPDX-License-Identifier: MIT
"""what is a coroutine, a future, a coroutine function."""
import asyncio


async def nothing():
    pass


async def main():
    coro = nothing()
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(nothing())
    for thing in coro, future, task, None:
        print(asyncio.iscoroutine(thing), asyncio.isfuture(thing))
    print(asyncio.iscoroutinefunction(nothing), asyncio.iscoroutinefunction(print))
    coro.close()
    await task


asyncio.run(main())
