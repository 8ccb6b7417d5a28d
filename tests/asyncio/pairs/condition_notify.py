# SPDX-License-Identifier: MIT
"""notify wakes those who have waited longest, one after the other."""
import asyncio


async def waiter(name, condition):
    async with condition:
        print(name, "waits")
        await condition.wait()
        print(name, "goes on", condition.locked())


async def main():
    condition = asyncio.Condition()
    tasks = [asyncio.create_task(waiter(name, condition)) for name in "abc"]
    await asyncio.sleep(0)
    async with condition:
        condition.notify(2)
        print("notified two")
    await asyncio.wait(tasks[:2])
    print([task.done() for task in tasks])
    async with condition:
        condition.notify_all()
    await tasks[2]


asyncio.run(main())
