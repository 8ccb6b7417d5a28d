# SPDX-License-Identifier: MIT
"""who is cancelled in wait_for has what it waits for cancelled."""
import asyncio


async def work():
    try:
        await asyncio.sleep(100)
    finally:
        print("work ends")


async def waiter(task):
    await asyncio.wait_for(task, 100)


async def main():
    task = asyncio.create_task(work())
    other = asyncio.create_task(waiter(task))
    await asyncio.sleep(0)
    other.cancel()
    try:
        await other
    except asyncio.CancelledError:
        print(other.cancelled(), task.cancelled())


asyncio.run(main())
