# SPDX-License-Identifier: MIT
"""what a thread completes can be awaited in the loop; a cancel there reaches it."""
import asyncio
import concurrent.futures


async def main():
    future = concurrent.futures.Future()
    wrapped = asyncio.wrap_future(future)
    await asyncio.to_thread(future.set_result, 6)
    print(await wrapped)
    future = concurrent.futures.Future()
    wrapped = asyncio.wrap_future(future)
    print(wrapped.cancel())
    try:
        await wrapped
    except asyncio.CancelledError as error:
        print(type(error).__name__, wrapped.cancelled())


asyncio.run(main())
