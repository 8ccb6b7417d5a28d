# SPDX-License-Identifier: MIT
"""who is cancelled while it waits, or just got the lock, passes it on."""
import asyncio


async def work(name, lock):
    try:
        await lock.acquire()
    except asyncio.CancelledError:
        print(name, "is cancelled")
        raise
    print(name, "has it")
    lock.release()


async def main():
    lock = asyncio.Lock()
    await lock.acquire()
    a, b, c = [asyncio.create_task(work(name, lock)) for name in "abc"]
    await asyncio.sleep(0)
    a.cancel()
    await asyncio.sleep(0)
    lock.release()
    b.cancel()
    await asyncio.wait([a, b, c])
    print(a.cancelled(), b.cancelled(), c.cancelled(), lock.locked())


asyncio.run(main())
