# SPDX-License-Identifier: MIT
"""when one fails, the others and the body are cancelled, and the errors come out."""
import asyncio


async def sleeps(name):
    try:
        await asyncio.sleep(100)
    finally:
        print(name, "is cancelled")


async def fails():
    await asyncio.sleep(0)
    raise ValueError


async def main():
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            group.create_task(sleeps("child"))
            await sleeps("body")
    except ExceptionGroup as errors:
        print([type(error).__name__ for error in errors.exceptions])
    print(asyncio.current_task().cancelling())


asyncio.run(main())
