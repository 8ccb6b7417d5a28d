# SPDX-License-Identifier: MIT
"""delays of zero and less come after what is runnable, the least one first."""
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_later(0, over.set_result, None)
    loop.call_later(-1, print, "later -1")
    loop.call_later(-2, print, "later -2")
    loop.call_soon(print, "soon")
    print("main")
    await over
    print("over")


asyncio.run(main())
