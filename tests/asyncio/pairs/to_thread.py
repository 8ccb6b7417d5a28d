# SPDX-License-Identifier: MIT
"""a function in a thread gives its value or its error, and the loop goes on meanwhile."""
import asyncio
import threading


def work(event, error):
    event.wait()
    if error:
        raise error
    return 7


async def main():
    for error in None, ValueError:
        event = threading.Event()
        task = asyncio.create_task(asyncio.to_thread(work, event, error))
        await asyncio.sleep(0)
        print("the loop goes on", task.done())
        event.set()
        try:
            print(await task)
        except ValueError as caught:
            print(type(caught).__name__)


asyncio.run(main())
