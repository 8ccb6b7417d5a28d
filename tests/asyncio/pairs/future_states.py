# SPDX-License-Identifier: MIT
"""a future is pending, then has a result or an error or is cancelled, once."""
import asyncio


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except (ValueError, asyncio.InvalidStateError, asyncio.CancelledError) as error:
        return type(error).__name__


async def main():
    loop = asyncio.get_running_loop()
    a, b, c = loop.create_future(), loop.create_future(), loop.create_future()
    print(a.done(), a.cancelled(), attempt(a.result), attempt(a.exception))
    a.set_result(1)
    b.set_exception(ValueError())
    print(c.cancel(), c.cancel())
    for future in a, b, c:
        print(future.done(), future.cancelled(), attempt(future.result))
        print(attempt(future.set_result, 2), attempt(future.set_exception, ValueError()))
        print(future.cancel())


asyncio.run(main())
