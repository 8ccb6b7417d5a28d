# SPDX-License-Identifier: MIT
"""to cancel what gather gives cancels all children."""
import asyncio


async def child(name):
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        print(name, "is cancelled")
        raise


async def main():
    both = asyncio.gather(child("a"), child("b"))
    await asyncio.sleep(0)
    print(both.cancel(), both.done())
    try:
        await both
    except asyncio.CancelledError as error:
        print(type(error).__name__, both.cancelled(), both.cancel())


asyncio.run(main())
