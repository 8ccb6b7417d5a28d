# SPDX-License-Identifier: MIT
"""who is cancelled in a wait has the lock again before it comes out."""
import asyncio


async def waiter(condition):
    async with condition:
        try:
            await condition.wait()
        finally:
            print("woken", condition.locked())


async def main():
    condition = asyncio.Condition()
    for function in condition.notify, condition.notify_all:
        try:
            function()
        except RuntimeError as error:
            print(type(error).__name__)
    task = asyncio.create_task(waiter(condition))
    await asyncio.sleep(0)
    async with condition:
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        print("it waits for the lock", task.done())
    await asyncio.wait([task])
    print(task.cancelled(), condition.locked())


asyncio.run(main())
