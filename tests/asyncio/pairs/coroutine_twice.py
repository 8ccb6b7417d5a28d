# SPDX-License-Identifier: MIT
"""a coroutine object serves once."""
import asyncio


async def work():
    return 1


async def main():
    coro = work()
    print(await coro)
    try:
        await coro
    except RuntimeError as error:
        print(type(error).__name__)


asyncio.run(main())
