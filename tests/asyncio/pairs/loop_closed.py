# SPDX-License-Identifier: MIT
"""a closed loop refuses everything but a future."""
import asyncio


async def work():
    pass


def attempt(function, *arguments):
    try:
        function(*arguments)
    except RuntimeError as error:
        return type(error).__name__


loop = asyncio.new_event_loop()
loop.close()
loop.close()
coro = work()
print(attempt(loop.call_soon, print), attempt(loop.call_later, 0, print))
print(attempt(loop.call_soon_threadsafe, print), attempt(loop.run_until_complete, coro))
coro.close()
print(loop.create_future().done())
