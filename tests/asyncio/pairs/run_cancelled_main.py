# SPDX-License-Identifier: MIT
"""a main that is cancelled lets that out of run."""
import asyncio


async def main():
    asyncio.current_task().cancel("enough")
    await asyncio.sleep(0)
    print("never")


try:
    asyncio.run(main())
except asyncio.CancelledError as error:
    print(type(error).__name__)
