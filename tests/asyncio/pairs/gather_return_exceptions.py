# SPDX-License-Identifier: MIT
"""with return_exceptions errors and cancellations are results."""
import asyncio


async def work(error):
    if error is None:
        return 1
    raise error


async def main():
    results = await asyncio.gather(work(None), work(ValueError), work(asyncio.CancelledError),
                                   return_exceptions=True)
    for result in results:
        print(result if result == 1 else type(result).__name__)


asyncio.run(main())
