# SPDX-License-Identifier: MIT
"""join waits until the work on all items is done."""
import asyncio


async def worker(name, queue):
    while True:
        item = await queue.get()
        await asyncio.sleep(0)
        print(name, "has done", item)
        queue.task_done()


async def main():
    queue = asyncio.Queue()
    workers = [asyncio.create_task(worker(name, queue)) for name in "ab"]
    for item in range(5):
        queue.put_nowait(item)
    await queue.join()
    print("joined", queue.qsize())
    for task in workers:
        task.cancel()
    await asyncio.wait(workers)
    try:
        queue.task_done()
    except ValueError as error:
        print(type(error).__name__)


asyncio.run(main())
