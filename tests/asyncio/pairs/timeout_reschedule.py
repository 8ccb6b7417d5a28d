# SPDX-License-Identifier: MIT
"""the deadline can be moved and taken away, until it has expired."""
import asyncio


async def main():
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(100) as scope:
        scope.reschedule(None)
        print(scope.when())
        await asyncio.sleep(0)
    try:
        async with asyncio.timeout(None) as scope:
            when = loop.time() + 0.001
            scope.reschedule(when)
            print(scope.when() == when)
            try:
                await asyncio.sleep(100)
            finally:
                try:
                    scope.reschedule(None)
                except RuntimeError:
                    print("too late")
    except TimeoutError as error:
        print(type(error).__name__)


asyncio.run(main())
