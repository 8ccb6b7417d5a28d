# SPDX-License-Identifier: MIT
"""run in a running loop is refused."""
import asyncio


async def work():
    print("never")


async def main():
    coro = work()
    try:
        asyncio.run(coro)
    except RuntimeError as error:
        print(type(error).__name__)
    coro.close()


asyncio.run(main())
