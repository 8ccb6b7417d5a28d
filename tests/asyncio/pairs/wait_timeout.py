# SPDX-License-Identifier: MIT
"""a time-out of wait is no error, and cancels nothing."""
import asyncio


async def work(event):
    await event.wait()


async def main():
    event = asyncio.Event()
    task = asyncio.create_task(work(event))
    for timeout in 0.001, 0:
        done, pending = await asyncio.wait([task], timeout=timeout)
        print(len(done), len(pending), task.done(), task.cancelling())
    event.set()
    await task
    done, pending = await asyncio.wait([task], timeout=0)
    print(len(done), len(pending))


asyncio.run(main())
