# SPDX-License-Identifier: MIT
"""two nested ones with one deadline raise one TimeoutError, and have both expired."""
import asyncio


async def main():
    when = asyncio.get_running_loop().time() + 0.001
    try:
        async with asyncio.timeout_at(when) as outer:
            async with asyncio.timeout_at(when) as inner:
                await asyncio.sleep(100)
    except TimeoutError as error:
        print(type(error).__name__)
    print(outer.expired(), inner.expired(), asyncio.current_task().cancelling())


asyncio.run(main())
