# SPDX-License-Identifier: MIT
"""a body that swallows the cancel of its time-out ends well, though it expired."""
import asyncio


async def main():
    async with asyncio.timeout(0.001) as scope:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            print("swallows")
    print(scope.expired(), asyncio.current_task().cancelling())
    await asyncio.sleep(0)
    print("main goes on")


asyncio.run(main())
