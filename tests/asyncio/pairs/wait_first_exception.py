# SPDX-License-Identifier: MIT
"""wait for the first error does not take a cancelled one for it."""
import asyncio


async def work(turns, error):
    for _ in range(turns):
        await asyncio.sleep(0)
    if error:
        raise error


async def main():
    tasks = [asyncio.create_task(work(0, None)),
             asyncio.create_task(work(1, asyncio.CancelledError)),
             asyncio.create_task(work(2, ValueError)),
             asyncio.create_task(work(100, None))]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    print(len(done), len(pending), type(tasks[2].exception()).__name__)
    print(tasks[3] in pending)


asyncio.run(main())
