# SPDX-License-Identifier: MIT
"""as_completed gives outcomes in the order in which they come."""
import asyncio


async def work(name, turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    if name == "c":
        raise ValueError
    return name


async def main():
    for coro in asyncio.as_completed([work("a", 30), work("b", 10), work("c", 20)]):
        try:
            print(await coro)
        except ValueError as error:
            print(type(error).__name__)


asyncio.run(main())
