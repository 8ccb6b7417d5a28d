# SPDX-License-Identifier: MIT
"""gather of nothing is nothing; what is given twice runs once."""
import asyncio


async def work():
    print("runs")
    return 5


async def main():
    print(await asyncio.gather())
    task = asyncio.create_task(work())
    print(await asyncio.gather(task, task))
    coro = work()
    print(await asyncio.gather(coro, coro))


asyncio.run(main())
