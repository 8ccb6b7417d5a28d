# SPDX-License-Identifier: MIT
"""callbacks of all kinds run in a context that they are given, and share it."""
import asyncio
import contextvars

number = contextvars.ContextVar("number", default=0)


def add(n):
    number.set(number.get() + n)
    print(number.get())


def finish(over, n):
    add(n)
    over.set_result(None)


async def main():
    loop = asyncio.get_running_loop()
    future, over = loop.create_future(), loop.create_future()
    number.set(1)
    context = contextvars.copy_context()
    number.set(1000)
    loop.call_soon(add, 1, context=context)
    loop.call_soon(add, 1)
    loop.call_soon_threadsafe(add, 2, context=context)
    future.add_done_callback(lambda _: add(3), context=context)
    future.set_result(None)
    await asyncio.sleep(0)
    loop.call_later(0.01, finish, over, 4, context=context)
    await over
    print(number.get(), context[number])


asyncio.run(main())
