# SPDX-License-Identifier: MIT
"""a task that cancels itself is interrupted at its next await."""
import asyncio


async def work():
    print(asyncio.current_task().cancel(), asyncio.current_task().cancelling())
    print("goes on")
    try:
        await asyncio.sleep(0)
        print("never")
    finally:
        print("interrupted")


async def main():
    task = asyncio.create_task(work())
    try:
        await task
    except asyncio.CancelledError:
        print(task.cancelled())


asyncio.run(main())
