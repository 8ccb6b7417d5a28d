# SPDX-License-Identifier: MIT
"""the next one starts when the one before fails; the first to succeed wins."""
from asyncio import staggered
import asyncio


async def fails():
    print("fails")
    raise ValueError


async def wins():
    await asyncio.sleep(0)
    print("wins")
    return "value"


async def never():
    print("never")


async def main():
    value, index, _ = await staggered.staggered_race([fails, wins, never], None)
    print(value, index)
    value, index, errors = await staggered.staggered_race([fails, fails], None)
    print(index, [type(error).__name__ for error in errors])


asyncio.run(main())
