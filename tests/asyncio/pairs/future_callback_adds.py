# SPDX-License-Identifier: MIT
"""what a callback adds comes after those that were there."""
import asyncio


async def main():
    future = asyncio.get_running_loop().create_future()

    def second(_):
        print("second")

    def first(future):
        print("first")
        future.add_done_callback(second)

    future.add_done_callback(first)
    future.add_done_callback(lambda _: print("there"))
    future.set_result(None)
    await asyncio.sleep(0)
    print("one tick later")
    await asyncio.sleep(0)


asyncio.run(main())
