# SPDX-License-Identifier: MIT
"""stop ends a run before its awaitable is done, which goes on in the next run."""
import asyncio


async def work(loop):
    print("stops")
    loop.stop()
    await asyncio.sleep(0)
    print("goes on")
    return 1


loop = asyncio.new_event_loop()
task = loop.create_task(work(loop))
try:
    loop.run_until_complete(asyncio.sleep(100))
except RuntimeError as error:
    print(type(error).__name__)
print(loop.run_until_complete(task))
for left in asyncio.all_tasks(loop):
    left.cancel()
loop.run_until_complete(asyncio.sleep(0))
loop.close()
