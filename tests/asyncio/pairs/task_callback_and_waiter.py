# SPDX-License-Identifier: MIT
"""callbacks and awaiters of a task take their turns as they were added."""
import asyncio


async def work():
    await asyncio.sleep(0)
    print("work is over")


async def waiter(task):
    await task
    print("waiter")


async def main():
    task = asyncio.create_task(work())
    task.add_done_callback(lambda _: print("first callback"))
    other = asyncio.create_task(waiter(task))
    await asyncio.sleep(0)
    task.add_done_callback(lambda _: print("second callback"))
    await other


asyncio.run(main())
