# SPDX-License-Identifier: MIT
"""an error of the body cancels the tasks, and is one of the errors."""
import asyncio


async def sleeps():
    try:
        await asyncio.sleep(100)
    finally:
        print("cancelled")
        raise ZeroDivisionError


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(sleeps())
            await asyncio.sleep(0)
            never = group.create_task(sleeps())
            raise ValueError
    except ExceptionGroup as errors:
        print([type(error).__name__ for error in errors.exceptions], never.cancelled())


asyncio.run(main())
