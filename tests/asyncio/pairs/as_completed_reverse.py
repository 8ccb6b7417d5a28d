# SPDX-License-Identifier: MIT
"""of the plain form, whoever is awaited first gets the first outcome."""
import asyncio


async def work(name, turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    return name


async def main():
    coros = list(asyncio.as_completed([work("slow", 10), work("fast", 5)]))
    print(await coros[1])
    print(await coros[0])


asyncio.run(main())
