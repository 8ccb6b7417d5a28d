# SPDX-License-Identifier: MIT
"""what is shielded gives its value or its error; what is done is given as it is."""
import asyncio


async def work(error):
    await asyncio.sleep(0)
    if error:
        raise error
    return 1


async def main():
    print(await asyncio.shield(work(None)))
    try:
        await asyncio.shield(work(ValueError))
    except ValueError as error:
        print(type(error).__name__)
    future = asyncio.get_running_loop().create_future()
    future.set_result(2)
    print(asyncio.shield(future) is future)


asyncio.run(main())
