# SPDX-License-Identifier: MIT
"""wait returns when all are done, failed ones too, and raises none of their errors."""
import asyncio


async def work(error):
    if error:
        raise error


async def main():
    errors = [None, ValueError, asyncio.CancelledError]
    tasks = [asyncio.create_task(work(error)) for error in errors]
    for _ in range(2):
        done, pending = await asyncio.wait(tasks)
        print(len(done), len(pending))
    print([task.cancelled() for task in tasks])
    print(type(tasks[1].exception()).__name__)


asyncio.run(main())
