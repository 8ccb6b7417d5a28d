# SPDX-License-Identifier: MIT
"""callbacks of one thread come in its order, and wake the loop."""
import asyncio


def foreign(loop, over):
    for number in range(3):
        loop.call_soon_threadsafe(print, "callback", number)
    loop.call_soon_threadsafe(over.set_result, None)


async def main():
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    await asyncio.to_thread(foreign, loop, over)
    await over


asyncio.run(main())
