# SPDX-License-Identifier: MIT
"""callbacks of a future come in order, never inside set_result, and soon if late."""
import asyncio


async def main():
    future = asyncio.get_running_loop().create_future()
    for number in 1, 2, 3:
        future.add_done_callback(lambda f, number=number: print("callback", number, f.result()))
    future.set_result(42)
    print("set")
    await asyncio.sleep(0)
    future.add_done_callback(lambda f: print("late", f.result()))
    print("added")
    await asyncio.sleep(0)
    print("end")


asyncio.run(main())
