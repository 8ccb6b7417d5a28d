# SPDX-License-Identifier: MIT
"""wait refuses nothing, coroutines, and what it does not know."""
import asyncio


async def work():
    pass


async def attempt(awaitables, **options):
    try:
        await asyncio.wait(awaitables, **options)
    except (TypeError, ValueError) as error:
        print(type(error).__name__)


async def main():
    coro = work()
    task = asyncio.create_task(work())
    await attempt([])
    await attempt([coro])
    await attempt([task], return_when=42)
    coro.close()
    await task


asyncio.run(main())
