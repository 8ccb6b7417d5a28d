# SPDX-License-Identifier: MIT
"""a callback can take back one that is to run right after it."""
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    handles = []
    loop.call_soon(lambda: handles[0].cancel())
    handles.append(loop.call_soon(print, "never"))
    loop.call_soon(print, "last")
    await asyncio.sleep(0)
    print(handles[0].cancelled())


asyncio.run(main())
