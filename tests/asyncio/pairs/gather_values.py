# SPDX-License-Identifier: MIT
"""gather gives the values in the order of its arguments, whoever ends first."""
import asyncio


async def work(name, turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    print(name, "ends")
    return name * turns


async def main():
    print(await asyncio.gather(work("a", 3), work("b", 1), work("c", 2)))


asyncio.run(main())
