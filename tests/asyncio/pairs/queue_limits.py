# SPDX-License-Identifier: MIT
"""a full queue takes nothing, an empty one gives nothing."""
import asyncio


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except (asyncio.QueueFull, asyncio.QueueEmpty) as error:
        return type(error).__name__


async def main():
    queue = asyncio.Queue(2)
    print(queue.empty(), queue.full(), attempt(queue.get_nowait))
    for item in 1, 2, 3:
        print(attempt(queue.put_nowait, item), queue.qsize(), queue.full())
    for _ in range(3):
        print(attempt(queue.get_nowait), queue.qsize())


asyncio.run(main())
