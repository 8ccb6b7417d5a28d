# SPDX-License-Identifier: MIT
"""a runner has one loop for several mains; what one leaves the next one finds."""
import asyncio


async def left(future):
    print("left has", await future)


async def first():
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(left(future))
    await asyncio.sleep(0)
    return future, task


async def second(future, task):
    future.set_result(2)
    await task
    return task.done()


with asyncio.Runner() as runner:
    found = runner.run(first())
    print(runner.run(second(*found)))
try:
    runner.get_loop()
except RuntimeError as error:
    print(type(error).__name__)
