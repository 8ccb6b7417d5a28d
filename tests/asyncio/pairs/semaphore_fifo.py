# SPDX-License-Identifier: MIT
"""permits go to the tasks in the order in which they came."""
import asyncio


async def work(name, semaphore):
    async with semaphore:
        print(name, "in", semaphore.locked())
        await asyncio.sleep(0)
        print(name, "out")


async def main():
    semaphore = asyncio.Semaphore(2)
    await asyncio.gather(*(work(name, semaphore) for name in "abcde"))
    print(semaphore.locked())


asyncio.run(main())
