# SPDX-License-Identifier: MIT
"""a stop that comes before the run gives one turn."""
import asyncio


def callback(loop, depth):
    print("callback", depth)
    loop.call_soon(callback, loop, depth + 1)


loop = asyncio.new_event_loop()
loop.call_soon(callback, loop, 0)
for run in range(3):
    loop.stop()
    loop.run_forever()
    print("ran", run)
loop.close()
