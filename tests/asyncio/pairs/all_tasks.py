# SPDX-License-Identifier: MIT
"""all_tasks has those that are not done, by name."""
import asyncio


async def wait(future):
    await future


def print_names():
    print(sorted(task.get_name() for task in asyncio.all_tasks()))


async def main():
    asyncio.current_task().set_name("main")
    future = asyncio.get_running_loop().create_future()
    a = asyncio.create_task(wait(future), name="a")
    b = asyncio.create_task(wait(future), name="b")
    print_names()
    b.set_name("c")
    print_names()
    future.set_result(None)
    await a
    await b
    print_names()


asyncio.run(main())
