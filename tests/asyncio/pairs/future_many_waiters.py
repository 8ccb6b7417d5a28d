# SPDX-License-Identifier: MIT
"""all that await a future go on in the order in which they came."""
import asyncio


async def waiter(name, future):
    print(name, "waits")
    print(name, "has", await future)


async def main():
    future = asyncio.get_running_loop().create_future()
    tasks = [asyncio.create_task(waiter(name, future)) for name in "abc"]
    await asyncio.sleep(0)
    future.add_done_callback(lambda _: print("callback"))
    future.set_result(5)
    print("set")
    for task in tasks:
        await task


asyncio.run(main())
