# SPDX-License-Identifier: MIT
"""the errors of an inner group are one entry of the outer one's."""
import asyncio


async def fails(error):
    raise error


async def main():
    try:
        async with asyncio.TaskGroup() as outer:
            outer.create_task(asyncio.sleep(100))
            async with asyncio.TaskGroup() as inner:
                inner.create_task(fails(ValueError))
    except ExceptionGroup as errors:
        print([type(error).__name__ for error in errors.exceptions])
        print([type(error).__name__ for error in errors.exceptions[0].exceptions])


asyncio.run(main())
