# SPDX-License-Identifier: MIT
"""a signal's handler sees the context variables as they were when it was added."""
import asyncio
import contextvars
import os
import signal

number = contextvars.ContextVar("number", default=0)


async def main():
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    number.set(1)
    loop.add_signal_handler(signal.SIGUSR1, lambda: over.set_result(number.get()))
    number.set(2)
    os.kill(os.getpid(), signal.SIGUSR1)
    print(await over)


asyncio.run(main())
