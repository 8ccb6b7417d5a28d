# SPDX-License-Identifier: MIT
"""all that wait when an event is set go on, though it is cleared at once."""
import asyncio


async def waiter(name, event):
    print(name, "waits")
    await event.wait()
    print(name, "goes on", event.is_set())


async def main():
    event = asyncio.Event()
    tasks = [asyncio.create_task(waiter(name, event)) for name in "abc"]
    await asyncio.sleep(0)
    event.set()
    event.clear()
    late = asyncio.create_task(waiter("late", event))
    await asyncio.wait(tasks)
    print(late.done())
    event.set()
    await event.wait()
    await late


asyncio.run(main())
