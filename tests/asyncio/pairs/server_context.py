# SPDX-License-Identifier: MIT
"""a server's clients see the context variables of who started it, each in a copy of its own."""
import asyncio
from contextvars import ContextVar

var = ContextVar("var", default="nothing")


async def serve(reader, writer):
    print("client sees", var.get())
    var.set("what a client set")
    writer.close()


async def main():
    var.set("what was there at the start")
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    var.set("what came later")
    for _ in range(2):
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await reader.read(1)
        writer.close()
    print("main sees", var.get())
    server.close()


asyncio.run(main())
