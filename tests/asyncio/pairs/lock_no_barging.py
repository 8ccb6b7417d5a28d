# SPDX-License-Identifier: MIT
"""who releases a lock and wants it again stands behind those who wait."""
import asyncio


async def greedy(lock):
    for turn in range(2):
        await lock.acquire()
        print("greedy", turn)
        await asyncio.sleep(0)
        lock.release()


async def patient(lock):
    await lock.acquire()
    print("patient")
    lock.release()


async def main():
    lock = asyncio.Lock()
    await asyncio.gather(greedy(lock), patient(lock))


asyncio.run(main())
