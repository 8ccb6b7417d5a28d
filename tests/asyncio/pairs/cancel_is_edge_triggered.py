# SPDX-License-Identifier: MIT
"""one cancel strikes once: what the task waits for next is not affected."""
import asyncio


async def stubborn(first, second):
    try:
        await first
    except asyncio.CancelledError:
        print("caught", first.cancelled())
    return await second


async def main():
    loop = asyncio.get_running_loop()
    first, second = loop.create_future(), loop.create_future()
    task = asyncio.create_task(stubborn(first, second))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    print(task.done(), second.done())
    second.set_result("value")
    print(await task)


asyncio.run(main())
