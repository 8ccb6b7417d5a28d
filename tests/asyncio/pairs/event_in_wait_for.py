# SPDX-License-Identifier: MIT
"""an event as an object, with a limit."""
import asyncio


async def main():
    event = asyncio.Event()
    try:
        await asyncio.wait_for(event.wait(), 0.001)
    except asyncio.TimeoutError as error:
        print(type(error).__name__)
    event.set()
    await asyncio.wait_for(event.wait(), 100)
    print(event.is_set())


asyncio.run(main())
