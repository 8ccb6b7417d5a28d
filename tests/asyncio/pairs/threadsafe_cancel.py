# SPDX-License-Identifier: MIT
"""a time-out of the thread leaves the task running, its cancel ends it."""
import asyncio
import concurrent.futures
import threading


begun = threading.Event()


async def work(over):
    begun.set()
    try:
        await asyncio.sleep(100)
    finally:
        over.set_result("the task is cancelled")


def foreign(loop, over):
    future = asyncio.run_coroutine_threadsafe(work(over), loop)
    begun.wait()
    try:
        future.result(0.001)
    except concurrent.futures.TimeoutError as error:
        print(type(error).__name__, future.done())
    print(future.cancel())


async def main():
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    await asyncio.to_thread(foreign, loop, over)
    print(await over)


asyncio.run(main())
