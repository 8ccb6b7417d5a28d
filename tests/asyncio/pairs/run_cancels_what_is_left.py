# SPDX-License-Identifier: MIT
"""when main has returned, what is left is cancelled, and may clean up."""
import asyncio


async def left():
    print("begins")
    try:
        await asyncio.sleep(100)
    finally:
        for step in range(3):
            print("cleans up", step)
            await asyncio.sleep(0)


async def never():
    print("never")


async def main():
    task = asyncio.create_task(left())
    await asyncio.sleep(0)
    other = asyncio.create_task(never())
    print("main returns")
    return task, other


for task in asyncio.run(main()):
    print(task.cancelled())
