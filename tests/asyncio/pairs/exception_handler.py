# SPDX-License-Identifier: MIT
"""the handler is told what it is called with; without one the loop says so."""
import asyncio


def handler(_loop, context):
    print(context["message"], type(context["exception"]).__name__)


async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(handler)
    loop.call_exception_handler({"message": "first", "exception": ValueError()})
    loop.call_exception_handler({"message": "second", "exception": ZeroDivisionError()})


asyncio.run(main())
