# SPDX-License-Identifier: MIT
"""shields and gathers go together."""
import asyncio


async def work(turns):
    for _ in range(turns):
        await asyncio.sleep(0)
    return turns


async def main():
    inner = asyncio.gather(work(1), work(2))
    outer = asyncio.shield(inner)
    await asyncio.sleep(0)
    print(outer.cancel(), inner.cancelled())
    print(await inner, outer.cancelled())
    print(await asyncio.gather(asyncio.shield(work(3)), work(4)))


asyncio.run(main())
