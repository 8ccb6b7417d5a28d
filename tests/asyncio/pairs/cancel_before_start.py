# SPDX-License-Identifier: MIT
"""a task that is cancelled before it began never begins."""
import asyncio


async def work():
    print("never")


async def main():
    task = asyncio.create_task(work())
    print(task.cancel(), task.done())
    try:
        await task
    except asyncio.CancelledError as error:
        print(type(error).__name__)
    print(task.cancelled())


asyncio.run(main())
