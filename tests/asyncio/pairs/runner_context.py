# SPDX-License-Identifier: MIT
"""the runs of a runner share a context, made with its loop; one may be given another."""
import asyncio
import contextvars

number = contextvars.ContextVar("number", default=0)


async def add(n):
    number.set(number.get() + n)
    print("main has", number.get(), end="")
    await asyncio.create_task(show())


async def show():
    print(", its task", number.get())
    number.set(100)


number.set(1)
other = contextvars.copy_context()
with asyncio.Runner() as runner:
    runner.get_loop()
    number.set(1000)
    runner.run(add(1))
    runner.run(add(1), context=other)
    runner.run(add(5))
    runner.run(add(2), context=other)
    runner.run(add(1))
print(number.get(), other[number])
