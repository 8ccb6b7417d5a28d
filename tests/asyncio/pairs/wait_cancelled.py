# SPDX-License-Identifier: MIT
"""who is cancelled in wait leaves what it waits for alone."""
import asyncio


async def work(event):
    await event.wait()
    return "value"


async def waiter(task):
    await asyncio.wait([task])


async def main():
    event = asyncio.Event()
    task = asyncio.create_task(work(event))
    other = asyncio.create_task(waiter(task))
    await asyncio.sleep(0)
    other.cancel()
    try:
        await other
    except asyncio.CancelledError:
        print(other.cancelled(), task.done(), task.cancelling())
    event.set()
    print(await task)


asyncio.run(main())
