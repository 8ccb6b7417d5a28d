# SPDX-License-Identifier: MIT
"""what runs in the loop's pool is a future."""
import asyncio


def work(number):
    return number * number


async def main():
    loop = asyncio.get_running_loop()
    futures = [loop.run_in_executor(None, work, number) for number in range(4)]
    print([asyncio.isfuture(future) for future in futures])
    print(await asyncio.gather(*futures))


asyncio.run(main())
