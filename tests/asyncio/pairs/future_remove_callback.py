# SPDX-License-Identifier: MIT
"""remove_done_callback takes all equal ones, and counts them."""
import asyncio


async def main():
    future = asyncio.get_running_loop().create_future()
    over = asyncio.get_running_loop().create_future()

    def never(_):
        print("never")

    def last(_):
        print("last")
        over.set_result(None)

    future.add_done_callback(never)
    future.add_done_callback(never)
    future.add_done_callback(last)
    print(future.remove_done_callback(never), future.remove_done_callback(never))
    future.set_result(None)
    await over


asyncio.run(main())
