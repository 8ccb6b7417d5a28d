# SPDX-License-Identifier: MIT
"""a get that is given up takes no item."""
import asyncio


async def main():
    queue = asyncio.Queue()
    try:
        await asyncio.wait_for(queue.get(), 0.001)
    except asyncio.TimeoutError as error:
        print(type(error).__name__)
    await asyncio.wait_for(queue.put("item"), 100)
    print(queue.qsize(), await asyncio.wait_for(queue.get(), 100))


asyncio.run(main())
