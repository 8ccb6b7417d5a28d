# SPDX-License-Identifier: MIT
"""which loop runs here, and which is set."""
import asyncio


async def main():
    print(asyncio.get_running_loop() is loop, asyncio.get_event_loop() is loop)


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
print(asyncio.get_event_loop() is loop)
loop.run_until_complete(main())
asyncio.set_event_loop(None)
loop.close()
