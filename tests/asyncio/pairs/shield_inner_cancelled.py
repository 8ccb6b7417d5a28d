# SPDX-License-Identifier: MIT
"""if what is shielded is cancelled itself, so is the outer future."""
import asyncio


async def work():
    await asyncio.sleep(100)


async def main():
    task = asyncio.create_task(work())
    outer = asyncio.shield(task)
    task.cancel()
    try:
        await outer
    except asyncio.CancelledError:
        print(outer.cancelled(), task.cancelled(), asyncio.current_task().cancelling())


asyncio.run(main())
