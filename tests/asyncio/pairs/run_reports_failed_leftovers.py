# SPDX-License-Identifier: MIT
"""what fails when run cancels it is told to the exception handler."""
import asyncio


async def left(begun):
    try:
        begun.set_result(None)
        await asyncio.sleep(100)
    finally:
        raise ValueError


def handler(_loop, context):
    print("told of", type(context["exception"]).__name__)


async def main():
    asyncio.get_running_loop().set_exception_handler(handler)
    begun = asyncio.get_running_loop().create_future()
    tasks.append(asyncio.create_task(left(begun)))
    await begun
    print("main returns")
    raise ZeroDivisionError


tasks = []
try:
    asyncio.run(main())
except ZeroDivisionError as error:
    print(type(error).__name__)
