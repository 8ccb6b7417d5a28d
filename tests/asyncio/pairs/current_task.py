# SPDX-License-Identifier: MIT
"""each task sees itself across its suspensions; a callback sees none."""
import asyncio


async def itself():
    before = asyncio.current_task()
    await asyncio.sleep(0)
    return asyncio.current_task() is before


async def main():
    over = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: over.set_result(asyncio.current_task() is None))
    tasks = [asyncio.create_task(itself()) for _ in range(3)]
    for task in tasks:
        print(await task, task is asyncio.current_task())
    print(await over)


asyncio.run(main())
