# SPDX-License-Identifier: MIT
"""a second cancel interrupts the clean-up after the first."""
import asyncio


async def work():
    try:
        await asyncio.sleep(100)
    finally:
        print("cleans up")
        try:
            await asyncio.sleep(100)
        finally:
            print("interrupted", asyncio.current_task().cancelling())


async def main():
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    print(task.cancelled())


asyncio.run(main())
