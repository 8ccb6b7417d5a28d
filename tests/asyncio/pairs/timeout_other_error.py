# SPDX-License-Identifier: MIT
"""another error passes; that it came in a time-out is its context."""
import asyncio


async def main():
    for delay in 100, 0.001:
        try:
            async with asyncio.timeout(delay):
                try:
                    await asyncio.sleep(100 if delay < 1 else 0)
                finally:
                    raise ValueError
        except ValueError as error:
            print(type(error).__name__, asyncio.current_task().cancelling())


asyncio.run(main())
