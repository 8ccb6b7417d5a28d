# SPDX-License-Identifier: MIT
"""tasks begin in the order of their creation, after their creator has suspended."""
import asyncio


async def say(name):
    print(name, "begins")
    await asyncio.sleep(0)
    print(name, "ends")


async def main():
    tasks = [asyncio.create_task(say(name)) for name in "abc"]
    print("created")
    for task in tasks:
        await task
    print("done")


asyncio.run(main())
