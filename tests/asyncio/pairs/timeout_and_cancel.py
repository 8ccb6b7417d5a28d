# SPDX-License-Identifier: MIT
"""a cancel from outside stays a cancel, also when the time-out expired too."""
import asyncio


async def work(delay, begun):
    async with asyncio.timeout(delay) as scope:
        begun.set_result(scope)
        try:
            await asyncio.sleep(100)
        finally:
            if delay < 1:
                asyncio.current_task().cancel()


async def main():
    for delay in 100, 0.001:
        begun = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(work(delay, begun))
        scope = await begun
        if delay > 1:
            task.cancel()
        try:
            await task
        except asyncio.CancelledError as error:
            print(type(error).__name__, scope.expired(), task.cancelling())


asyncio.run(main())
