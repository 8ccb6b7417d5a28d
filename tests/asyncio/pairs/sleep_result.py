# SPDX-License-Identifier: MIT
"""sleep as an object gives what it was given."""
import asyncio


async def main():
    print(await asyncio.sleep(0, 3))
    print(await asyncio.gather(asyncio.sleep(0.001, 1), asyncio.sleep(-1, 2)))


asyncio.run(main())
