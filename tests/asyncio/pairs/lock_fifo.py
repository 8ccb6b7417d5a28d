# SPDX-License-Identifier: MIT
"""a lock goes to the tasks in the order in which they came."""
import asyncio


async def work(name, lock):
    print(name, "asks")
    async with lock:
        print(name, "has it", lock.locked())
        await asyncio.sleep(0)
    print(name, "gave it back")


async def main():
    lock = asyncio.Lock()
    await asyncio.gather(*(work(name, lock) for name in "abc"))
    print(lock.locked())


asyncio.run(main())
