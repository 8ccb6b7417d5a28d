# SPDX-License-Identifier: MIT
"""what a task gives cannot be set from outside."""
import asyncio


async def work():
    return 1


async def main():
    task = asyncio.create_task(work())
    for setter in task.set_result, task.set_exception:
        try:
            setter(ValueError())
        except RuntimeError:
            print("refused")
    print(await task)


asyncio.run(main())
