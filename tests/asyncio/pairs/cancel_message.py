# SPDX-License-Identifier: MIT
"""the message of a cancel reaches the task and who awaits it."""
import asyncio


async def work():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError as error:
        print("task:", error.args)
        raise


async def main():
    for begin in True, False:
        task = asyncio.create_task(work())
        if begin:
            await asyncio.sleep(0)
        task.cancel("bye")
        try:
            await task
        except asyncio.CancelledError as error:
            print("main:", error.args)


asyncio.run(main())
