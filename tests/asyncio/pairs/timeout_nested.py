# SPDX-License-Identifier: MIT
"""of nested time-outs that which expired first raises, then the outer one."""
import asyncio


async def main():
    try:
        async with asyncio.timeout(100) as outer:
            try:
                async with asyncio.timeout(0.001) as inner:
                    await asyncio.sleep(100)
            except TimeoutError:
                print("inner", inner.expired(), outer.expired())
            outer.reschedule(asyncio.get_running_loop().time())
            await asyncio.sleep(100)
    except TimeoutError:
        print("outer", inner.expired(), outer.expired())
    print(asyncio.current_task().cancelling())


asyncio.run(main())
