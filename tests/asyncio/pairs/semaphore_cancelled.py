# SPDX-License-Identifier: MIT
"""a permit that was given to one who is cancelled goes to the next."""
import asyncio


async def work(name, semaphore):
    await semaphore.acquire()
    print(name, "has one")


async def main():
    semaphore = asyncio.Semaphore(0)
    a, b = [asyncio.create_task(work(name, semaphore)) for name in "ab"]
    await asyncio.sleep(0)
    semaphore.release()
    a.cancel()
    await asyncio.wait([a, b])
    print(a.cancelled(), b.done(), semaphore.locked())


asyncio.run(main())
