# SPDX-License-Identifier: MIT
"""a signal calls its handler in the loop, until that is removed."""
import asyncio
import os
import signal


async def main():
    loop = asyncio.get_running_loop()
    for number in range(2):
        over = loop.create_future()
        loop.add_signal_handler(signal.SIGUSR1, over.set_result, number)
        os.kill(os.getpid(), signal.SIGUSR1)
        print("signal", await over)
    print(loop.remove_signal_handler(signal.SIGUSR1), loop.remove_signal_handler(signal.SIGUSR1))
    try:
        loop.add_signal_handler(signal.SIGKILL, print)
    except RuntimeError:
        print("refused")


asyncio.run(main())
