# SPDX-License-Identifier: MIT
"""a lock that nobody holds cannot be released; any task may release a held one."""
import asyncio


async def release(lock):
    lock.release()
    print("released")


async def main():
    lock = asyncio.Lock()
    try:
        lock.release()
    except RuntimeError as error:
        print(type(error).__name__)
    await lock.acquire()
    await asyncio.create_task(release(lock))
    print(lock.locked())


asyncio.run(main())
