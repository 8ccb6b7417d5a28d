# SPDX-License-Identifier: MIT
"""many producers and consumers: each item is got once."""
import asyncio


async def producer(queue, first):
    for item in range(first, 100, 4):
        await queue.put(item)


async def consumer(queue):
    total = 0
    while (item := await queue.get()) is not None:
        total += item
    return total


async def main():
    queue = asyncio.Queue(3)
    consumers = [asyncio.create_task(consumer(queue)) for _ in range(3)]
    await asyncio.gather(*(producer(queue, first) for first in range(4)))
    for _ in consumers:
        await queue.put(None)
    print(sum(await asyncio.gather(*consumers)))


asyncio.run(main())
