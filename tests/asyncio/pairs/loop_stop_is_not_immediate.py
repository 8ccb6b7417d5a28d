# SPDX-License-Identifier: MIT
"""callbacks that are queued still run after stop, what they add does not."""
import asyncio


def first(loop):
    print("first")
    loop.stop()
    loop.call_soon(print, "next run")


loop = asyncio.new_event_loop()
loop.call_soon(first, loop)
loop.call_soon(print, "second")
loop.run_forever()
print("stopped")
loop.call_soon(loop.stop)
loop.run_forever()
loop.close()
