# SPDX-License-Identifier: MIT
"""those who wait for items get them in the order in which they came."""
import asyncio


async def getter(name, queue):
    print(name, "waits")
    print(name, "got", await queue.get())


async def main():
    queue = asyncio.Queue()
    tasks = [asyncio.create_task(getter(name, queue)) for name in "abc"]
    await asyncio.sleep(0)
    for item in range(3):
        queue.put_nowait(item)
    await asyncio.gather(*tasks)


asyncio.run(main())
