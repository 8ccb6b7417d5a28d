# SPDX-License-Identifier: MIT
"""run gives what main gave: a value, or its error."""
import asyncio


async def answer():
    await asyncio.sleep(0)
    return 42


async def fail():
    await asyncio.sleep(0)
    raise ValueError


print(asyncio.run(answer()))
try:
    asyncio.run(fail())
except ValueError as error:
    print(type(error).__name__)
