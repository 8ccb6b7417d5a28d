# SPDX-License-Identifier: MIT
"""a queue, a stack and a queue by urgency."""
import asyncio


async def main():
    for queue in asyncio.Queue(), asyncio.LifoQueue(), asyncio.PriorityQueue():
        for item in 3, 1, 2:
            await queue.put(item)
        print([await queue.get() for _ in range(3)], queue.empty())


asyncio.run(main())
