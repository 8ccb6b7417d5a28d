# SPDX-License-Identifier: MIT
"""of two messages that come before a task begins the later one counts."""
import asyncio


async def work():
    print("never")


async def main():
    for messages in (("a", "b"), (None, "b"), ("a", None)):
        task = asyncio.create_task(work())
        for message in messages:
            task.cancel(message)
        try:
            await task
        except asyncio.CancelledError as error:
            print(error.args)


asyncio.run(main())
