# SPDX-License-Identifier: MIT
"""default names are numbered as the tasks are created, whenever they are asked for."""
import asyncio


async def tell():
    print(asyncio.current_task().get_name())


async def nothing():
    pass


async def main():
    loop = asyncio.get_running_loop()
    tasks = [asyncio.create_task(tell()) for _ in range(3)]
    print(tasks[2].get_name())
    await tell()
    done = asyncio.create_task(nothing())
    await done
    called = loop.create_future()
    loop.call_soon(lambda: called.set_result(loop.create_task(tell())))
    await (await called)
    await asyncio.gather(tell(), tell())
    async with asyncio.TaskGroup() as group:
        group.create_task(tell())
    await asyncio.ensure_future(tell())
    tasks[1].set_name("given later")
    print(tasks[1].get_name(), done.get_name(), tasks[0].get_name())
    await asyncio.create_task(tell(), name="named")


asyncio.run(main())
