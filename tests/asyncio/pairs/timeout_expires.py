# SPDX-License-Identifier: MIT
"""what runs in a time-out is cancelled when it passes, and TimeoutError comes out."""
import asyncio


async def main():
    task = asyncio.current_task()
    try:
        async with asyncio.timeout(0.001) as scope:
            try:
                await asyncio.sleep(100)
            finally:
                print(scope.expired(), task.cancelling())
    except TimeoutError as error:
        print(type(error).__name__, scope.expired(), task.cancelling())
    await asyncio.sleep(0)
    print("main goes on")


asyncio.run(main())
