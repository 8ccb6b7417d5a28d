# SPDX-License-Identifier: MIT
"""with no time at all, what is done gives its result, a coroutine never begins."""
import asyncio


async def never():
    print("never")


async def main():
    future = asyncio.get_running_loop().create_future()
    future.set_result(3)
    print(await asyncio.wait_for(future, 0))
    pending = asyncio.get_running_loop().create_future()
    for awaitable in never(), pending:
        for_it = "pending" if awaitable is pending else "coroutine"
        try:
            await asyncio.wait_for(awaitable, 0)
        except asyncio.TimeoutError as error:
            print(for_it, type(error).__name__)
    print(pending.cancelled())


asyncio.run(main())
