# SPDX-License-Identifier: MIT
"""when the outer one expires, the inner one lets the cancel pass."""
import asyncio


async def main():
    try:
        async with asyncio.timeout(0.001) as outer:
            try:
                async with asyncio.timeout(100) as inner:
                    await asyncio.sleep(100)
            except asyncio.CancelledError as error:
                print(type(error).__name__, inner.expired(), outer.expired())
                raise
    except TimeoutError as error:
        print(type(error).__name__)


asyncio.run(main())
