# SPDX-License-Identifier: MIT
"""a child that is cancelled is an error of the whole, which is not cancelled."""
import asyncio


async def child():
    await asyncio.sleep(100)


async def main():
    one, other = asyncio.create_task(child()), asyncio.create_task(child())
    both = asyncio.gather(one, other)
    one.cancel()
    try:
        await both
    except asyncio.CancelledError as error:
        print(type(error).__name__, both.cancelled(), asyncio.current_task().cancelling())
    print(one.cancelled(), other.done())


asyncio.run(main())
