# SPDX-License-Identifier: MIT
"""callbacks with a time run in the order of their times."""
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    base = loop.time() + 0.01
    for late in 3, 1, 2, 0:
        loop.call_at(base + late / 1000, print, "after", late, "ms")
    loop.call_at(base + 0.004, over.set_result, None)
    await over
    print("over", loop.time() >= base + 0.004)


asyncio.run(main())
