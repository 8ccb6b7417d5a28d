# SPDX-License-Identifier: MIT
"""who waits for a predicate goes on when it is true, and has the lock then."""
import asyncio


async def changes(condition, numbers):
    for number in range(5):
        async with condition:
            numbers.append(number)
            condition.notify_all()
        await asyncio.sleep(0)


async def main():
    condition, numbers = asyncio.Condition(), []
    task = asyncio.create_task(changes(condition, numbers))
    async with condition:
        print(await condition.wait_for(lambda: len(numbers) >= 3), condition.locked())
    await task
    print(len(numbers))


asyncio.run(main())
