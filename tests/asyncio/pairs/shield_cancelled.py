# SPDX-License-Identifier: MIT
"""who is cancelled while it awaits a shield leaves what is shielded running."""
import asyncio


async def work(event):
    await event.wait()
    print("work ends")
    return 3


async def waiter(task):
    await asyncio.shield(task)


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
