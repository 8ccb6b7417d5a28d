# SPDX-License-Identifier: MIT
"""a chat room: a server, three guests, and three who do not get in."""
import asyncio
from contextvars import ContextVar

GUESTS = (("ada", ["hello", "fine"]), ("bob", []), ("cleo", ["how are you?"]))
user = ContextVar("user", default="nobody")


def polish(text):  # might block, so it is called in a thread
    return f"{text.capitalize()} ({user.get()})"


class Room:
    def __init__(self):
        self.members = {}
        self.seats = asyncio.BoundedSemaphore(len(GUESTS))
        self.lines = asyncio.Queue(1)
        self.turn = asyncio.Lock()
        self.full = asyncio.Event()
        self.begin = asyncio.Event()


async def post(room, text):
    await room.lines.put((user.get(), text))


async def work(room, n):
    user.set(f"worker {n}")
    try:
        while True:
            name, text = await room.lines.get()
            text = await asyncio.to_thread(polish, text)
            for writer in room.members.values():
                writer.write(f"{name}: {text}\n".encode())
            room.lines.task_done()
    finally:
        print(f"{user.get()} goes home")


async def attend(room, reader, writer):
    room.members[user.get()] = writer
    await post(room, "joins")
    if room.seats.locked():
        room.full.set()
    while line := await reader.readline():
        await post(room, line.decode().strip())
    del room.members[user.get()]
    await post(room, "leaves")
    await room.lines.join()


async def serve(room, reader, writer):
    try:
        line = await asyncio.wait_for(reader.readline(), 0.5)
        user.set(line.decode().strip())
        if room.seats.locked():
            writer.write(b"full\n")
        else:
            async with room.seats:
                await attend(room, reader, writer)
    except asyncio.TimeoutError:
        writer.write(b"too slow\n")
    finally:
        writer.close()


async def hear(reader, name):  # up to a line of one's own, or the end
    heard = []
    while line := await reader.readline():
        heard.append(line.decode())
        if line.startswith(f"{name}:".encode()):
            break
    return heard


async def visit(room, port, name, lines):
    async with room.turn:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{name}\n".encode())
        heard = await hear(reader, name)
    try:
        if heard == ["full\n"]:
            raise PermissionError(f"no seat for {name}")
        await room.begin.wait()
        for line in lines:
            async with room.turn:
                writer.write(f"{line}\n".encode())
                heard += await hear(reader, name)
        async with room.turn:
            writer.write_eof()
            heard += await hear(reader, "nobody")
    finally:
        writer.close()
    return name, heard


async def outside(name):
    try:
        await asyncio.Event().wait()
    finally:
        print(f"{name} goes home alone")


async def too_late(room, port):
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(outside("eve"))
            tg.create_task(visit(room, port, "dora", []))
    except* PermissionError as group:
        print(f"{len(group.exceptions)} refused: {group.exceptions[0]}")


async def silent(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    print(f"silent: {(await reader.readline()).decode().strip()}")
    writer.close()
    await writer.wait_closed()


async def knock(port):
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def evening(room, port):
    async with asyncio.TaskGroup() as tg:
        guests = [tg.create_task(visit(room, port, name, lines)) for name, lines in GUESTS]
        await room.full.wait()
        await silent(port)
        try:
            await asyncio.wait_for(room.begin.wait(), 0.01)
        except asyncio.TimeoutError:
            print("nobody begins")
        await too_late(room, port)
        room.begin.set()
        for guest in asyncio.as_completed(guests):
            name, heard = await guest
            print(f"{name} heard:\n  {'  '.join(heard)}", end="")


async def main():
    room = Room()
    server = await asyncio.start_server(lambda r, w: serve(room, r, w), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    workers = [asyncio.create_task(work(room, n)) for n in range(2)]
    await evening(room, port)
    server.close()
    await server.wait_closed()
    workers[1].cancel()
    done, pending = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
    print(f"{len(done)} done, {len(pending)} pending")
    for task in pending:
        task.cancel()
    for outcome in await asyncio.gather(*workers, asyncio.to_thread(polish, "good night"),
                                        knock(port), return_exceptions=True):
        print(type(outcome).__name__ if isinstance(outcome, BaseException) else outcome)


asyncio.run(main())
