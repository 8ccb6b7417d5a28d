# SPDX-License-Identifier: MIT
"""the time-out is for all; what is left raises it, and runs on."""
import asyncio


async def work(event):
    await event.wait()


async def main():
    never = asyncio.Event()
    done = asyncio.get_running_loop().create_future()
    done.set_result(1)
    tasks = [asyncio.create_task(work(never)) for _ in range(2)]
    for coro in asyncio.as_completed([done, *tasks], timeout=0.001):
        try:
            print(await coro)
        except TimeoutError as error:
            print(type(error).__name__)
    print([task.done() for task in tasks], [task.cancelling() for task in tasks])
    never.set()
    await asyncio.wait(tasks)


asyncio.run(main())
