# SPDX-License-Identifier: MIT
"""a cancel goes to the innermost, and comes out through all that await it."""
import asyncio


async def wait(name, inner):
    try:
        await inner
    except asyncio.CancelledError:
        print(name, asyncio.current_task().cancelling())
        raise


async def main():
    leaf = asyncio.get_running_loop().create_future()
    inner = asyncio.create_task(wait("inner", leaf))
    middle = asyncio.create_task(wait("middle", inner))
    outer = asyncio.create_task(wait("outer", middle))
    await asyncio.sleep(0)
    outer.cancel()
    print(leaf.cancelled(), inner.cancelling(), middle.cancelling(), outer.cancelling())
    await asyncio.wait([outer])
    print(inner.cancelled(), middle.cancelled(), outer.cancelled())


asyncio.run(main())
