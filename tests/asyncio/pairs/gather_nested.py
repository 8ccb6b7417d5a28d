# SPDX-License-Identifier: MIT
"""gathers nest; the inner one's results are one result of the outer."""
import asyncio


async def value(number):
    await asyncio.sleep(0)
    return number


async def main():
    inner = asyncio.gather(value(1), value(2))
    print(await asyncio.gather(inner, value(3)))


asyncio.run(main())
