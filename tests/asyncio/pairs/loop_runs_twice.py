# SPDX-License-Identifier: MIT
"""a loop runs until one awaitable is done; what is left goes on in the next run."""
import asyncio


async def steps(future):
    print("begins")
    await future
    print("goes on")
    return 5


async def complete(future):
    future.set_result(None)


loop = asyncio.new_event_loop()
gate = loop.create_future()
task = loop.create_task(steps(gate))
loop.run_until_complete(asyncio.sleep(0))
print(task.done(), loop.is_running(), loop.is_closed())
loop.run_until_complete(complete(gate))
print(loop.run_until_complete(task), task.done())
loop.close()
print(loop.is_closed())
