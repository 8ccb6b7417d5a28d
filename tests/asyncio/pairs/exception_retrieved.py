# SPDX-License-Identifier: MIT
"""who looks at an error keeps it from being told."""
import asyncio
import gc


async def fail():
    raise ValueError


def handler(_loop, context):
    print("never", context)


async def main():
    asyncio.get_running_loop().set_exception_handler(handler)
    for look in "exception", "result", "await":
        task = asyncio.create_task(fail())
        await asyncio.wait([task])
        try:
            if look == "await":
                await task
            elif look == "result":
                task.result()
            else:
                raise task.exception()
        except ValueError as error:
            print(look, type(error).__name__)
        del task
        gc.collect()


asyncio.run(main())
