# SPDX-License-Identifier: MIT
"""wait for the first one leaves the others running."""
import asyncio


async def work(event, value):
    await event.wait()
    return value


async def main():
    events = [asyncio.Event() for _ in range(3)]
    tasks = [asyncio.create_task(work(event, i)) for i, event in enumerate(events)]
    events[1].set()
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    print([task.result() for task in done], len(pending))
    events[0].set()
    events[2].set()
    done, pending = await asyncio.wait(pending)
    print(sorted(task.result() for task in done), len(pending))


asyncio.run(main())
