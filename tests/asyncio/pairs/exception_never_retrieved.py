# SPDX-License-Identifier: MIT
"""an error that nobody looked at is told when the last reference goes."""
import asyncio
import gc


async def fail():
    raise ValueError


def handler(_loop, context):
    print("told of", type(context["exception"]).__name__)


async def main():
    asyncio.get_running_loop().set_exception_handler(handler)
    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    print("task", task.done())
    del task
    gc.collect()
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ZeroDivisionError())
    print("future")
    del future
    gc.collect()
    print("end")


asyncio.run(main())
