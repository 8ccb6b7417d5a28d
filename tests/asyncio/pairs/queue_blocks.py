# SPDX-License-Identifier: MIT
"""who puts into a full queue, and who gets from an empty one, waits for its turn."""
import asyncio


async def producer(queue):
    for item in range(4):
        await queue.put(item)
        print("put", item)


async def consumer(queue):
    for _ in range(4):
        print("got", await queue.get())


async def main():
    queue = asyncio.Queue(1)
    await asyncio.gather(producer(queue), consumer(queue))


asyncio.run(main())
