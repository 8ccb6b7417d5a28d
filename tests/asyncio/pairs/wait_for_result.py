# SPDX-License-Identifier: MIT
"""what ends in time comes through wait_for, a value or an error."""
import asyncio


async def work(error):
    await asyncio.sleep(0)
    if error:
        raise error
    return 1


async def main():
    for timeout in None, 100:
        print(await asyncio.wait_for(work(None), timeout))
        try:
            await asyncio.wait_for(work(ValueError), timeout)
        except ValueError as error:
            print(type(error).__name__)


asyncio.run(main())
