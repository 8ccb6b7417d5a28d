# SPDX-License-Identifier: MIT
"""the first error comes out at once, and the others run on."""
import asyncio


async def fail():
    raise ValueError


async def slow():
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("slow ends")
    raise ZeroDivisionError


async def main():
    task = asyncio.create_task(slow())
    try:
        await asyncio.gather(task, fail())
    except ValueError as error:
        print(type(error).__name__, task.done())
    await asyncio.wait([task])
    print(task.done())


asyncio.run(main())
