# SPDX-License-Identifier: MIT
"""a cancelled handle is never called, and cancelling it again is nothing."""
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    when = loop.time() + 100
    first = loop.call_later(100, print, "never")
    second = loop.call_at(when, print, "never")
    loop.call_later(0.001, over.set_result, None)
    print(first.cancelled(), second.cancelled(), second.when() == when)
    first.cancel()
    second.cancel()
    second.cancel()
    print(first.cancelled(), second.cancelled())
    await over


asyncio.run(main())
