# SPDX-License-Identifier: MIT
"""a bounded semaphore refuses a release too many, another does not."""
import asyncio


async def main():
    try:
        asyncio.Semaphore(-1)
    except ValueError as error:
        print(type(error).__name__)
    plain, bounded = asyncio.Semaphore(0), asyncio.BoundedSemaphore(1)
    print(plain.locked(), bounded.locked())
    plain.release()
    await plain.acquire()
    await bounded.acquire()
    print(plain.locked(), bounded.locked())
    bounded.release()
    try:
        bounded.release()
    except ValueError as error:
        print(type(error).__name__)


asyncio.run(main())
