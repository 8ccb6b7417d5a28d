# SPDX-License-Identifier: MIT
"""two cancels before the task runs are one exception, counted twice."""
import asyncio


async def work():
    for turn in range(2):
        try:
            await asyncio.sleep(0 if turn else 100)
            print(turn, "slept")
        except asyncio.CancelledError:
            print(turn, "cancelled", asyncio.current_task().cancelling())


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    print(task.cancel(), task.cancel(), task.cancelling())
    await task
    print(task.cancelled())


asyncio.run(main())
