# SPDX-License-Identifier: MIT
"""to await what is done does not suspend, however often."""
import asyncio


async def other():
    print("other")


async def main():
    future = asyncio.get_running_loop().create_future()
    future.set_result(7)
    task = asyncio.create_task(other())
    print(await future, await future)
    await task
    print(await future)


asyncio.run(main())
