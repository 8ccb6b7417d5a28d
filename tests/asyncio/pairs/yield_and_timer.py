# SPDX-License-Identifier: MIT
"""who yields goes on before a callback whose time comes in between."""
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    loop.call_later(0, print, "first")
    await asyncio.sleep(0)
    print("yields")
    await asyncio.sleep(0)
    loop.call_later(0, print, "second")
    loop.call_soon(print, "soon")
    await asyncio.sleep(0)
    print("ends")
    await asyncio.sleep(0)


asyncio.run(main())
