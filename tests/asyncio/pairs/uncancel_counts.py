# SPDX-License-Identifier: MIT
"""uncancel takes one request back, and stops at zero."""
import asyncio


async def main():
    task = asyncio.current_task()
    print(task.cancelling(), task.uncancel())
    task.cancel()
    task.cancel()
    print(task.cancelling())
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        print("cancelled", task.cancelling())
    print(task.uncancel(), task.uncancel(), task.uncancel())
    await asyncio.sleep(0)
    print("main goes on")


asyncio.run(main())
