# SPDX-License-Identifier: MIT
"""a time-out around a group cancels all that is in it."""
import asyncio


async def main():
    try:
        async with asyncio.timeout(0.001):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(asyncio.sleep(100)) for _ in range(3)]
    except TimeoutError as error:
        print(type(error).__name__)
    print([task.cancelled() for task in tasks], asyncio.current_task().cancelling())


asyncio.run(main())
