# SPDX-License-Identifier: MIT
"""callbacks and the first steps of tasks stand in one queue."""
import asyncio


async def step(name):
    print("task", name)


async def main():
    loop = asyncio.get_running_loop()
    loop.call_soon(print, "callback", 1)
    a = asyncio.create_task(step("a"))
    loop.call_soon(print, "callback", 2)
    b = asyncio.create_task(step("b"))
    loop.call_soon(print, "callback", 3)
    print("main")
    await b
    print("b is over:", b.done(), "a:", a.done())


asyncio.run(main())
