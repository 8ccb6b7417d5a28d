# SPDX-License-Identifier: MIT
"""a task that awaits itself is told so."""
import asyncio


async def main():
    try:
        await asyncio.current_task()
    except RuntimeError as error:
        print(type(error).__name__)
    print("goes on")


asyncio.run(main())
