# SPDX-License-Identifier: MIT
"""who is cancelled while it awaits gather has its children cancelled."""
import asyncio


async def child(name):
    try:
        await asyncio.sleep(100)
    finally:
        print(name)


async def parent():
    results = await asyncio.gather(child("a"), child("b"), return_exceptions=True)
    print("never", results)


async def main():
    task = asyncio.create_task(parent())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel("why")
    try:
        await task
    except asyncio.CancelledError as error:
        print(error.args, task.cancelled())


asyncio.run(main())
