# SPDX-License-Identifier: MIT
"""a foreign thread starts coroutines in the loop, and blocks for what comes of them."""
import asyncio


async def work(error):
    await asyncio.sleep(0)
    if error:
        raise error
    return 5


def foreign(loop):
    print(asyncio.run_coroutine_threadsafe(work(None), loop).result())
    future = asyncio.run_coroutine_threadsafe(work(ValueError), loop)
    try:
        future.result(100)
    except ValueError as error:
        print(type(error).__name__, future.done())


async def main():
    await asyncio.to_thread(foreign, asyncio.get_running_loop())


asyncio.run(main())
