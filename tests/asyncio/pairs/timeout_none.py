# SPDX-License-Identifier: MIT
"""a time-out that is far away, or none, or over before an await, does nothing."""
import asyncio


async def main():
    for delay in 100, None:
        async with asyncio.timeout(delay) as scope:
            await asyncio.sleep(0)
        print(scope.expired(), scope.when() is None)
    async with asyncio.timeout(0) as scope:
        pass
    print(scope.expired())
    await asyncio.sleep(0)
    print("main goes on")


asyncio.run(main())
