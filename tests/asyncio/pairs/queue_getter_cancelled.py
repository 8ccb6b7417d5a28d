# SPDX-License-Identifier: MIT
"""a getter that is cancelled takes no item with it."""
import asyncio


async def getter(name, queue):
    print(name, "got", await queue.get())


async def main():
    queue = asyncio.Queue()
    a, b = [asyncio.create_task(getter(name, queue)) for name in "ab"]
    await asyncio.sleep(0)
    queue.put_nowait("item")
    a.cancel()
    await asyncio.wait([a, b])
    print(a.cancelled(), b.cancelled(), queue.qsize())


asyncio.run(main())
