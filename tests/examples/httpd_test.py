#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""httpd_test.py HTTPD: the web server from outside, over sockets. Speaks TAP.

Each check is a function that is named by its docstring; what it gets is a server that runs."""
import email.utils
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HELLO = b"Hello, world!"
BIG = bytes(range(256)) * 4096 + b"end"  # four chunks and a bit
LIMIT = 20  # seconds that anything may take: a machine may be slow
REQUEST_TIMEOUT = 1.5
IDLE_TIMEOUT = 4


class Server:
    """An httpd on a free port, with a root of its own."""

    def __init__(self, program, folder, *options):
        command = [program, "--port", "0", "--root", str(folder), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        line = self.process.stdout.readline().decode()
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        if not found:
            self.process.kill()
            raise AssertionError(f"httpd says {line!r}, status {self.process.wait(LIMIT)}")
        self.port = int(found.group(1))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), LIMIT)

    def stop(self, number=signal.SIGTERM):
        """Sends the signal; returns the exit status and how long it took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        try:
            return self.process.wait(LIMIT), time.monotonic() - begin
        finally:
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Truncated(Exception):
    """The connection ended within an answer."""


class Answer:
    """One answer, read from a file of the socket. EOFError: there was not a byte of it."""

    def __init__(self, file, method="GET"):
        line = file.readline()
        if not line:
            raise EOFError
        head = [line]
        while head[-1] not in (b"\r\n", b""):
            head.append(file.readline())
        if head[-1] == b"":
            raise Truncated(head)
        found = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [ -~]+\r\n", line)
        assert found, f"no status line: {line!r}"
        self.status = int(found.group(1))
        self.fields = {}
        for field in head[1:-1]:
            name, value = field.decode().split(":", 1)
            assert name.lower() not in self.fields, f"{name} twice"
            self.fields[name.lower()] = value.strip()
        self.length = int(self.fields.get("content-length", 0))
        empty = method == "HEAD" or self.status in (100, 304)
        self.body = b"" if empty else file.read(self.length)
        if not empty and len(self.body) < self.length:
            raise Truncated(f"{len(self.body)} of {self.length}")


def request(target="/plain", method="GET", fields=(), version="1.1"):
    lines = [f"{method} {target} HTTP/{version}", "Host: localhost", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def ask(server, raw, method="GET"):
    """Sends raw bytes on a new connection; returns the answer, and whether the server closed."""
    with server.connect() as sock, sock.makefile("rb") as file:
        sock.sendall(raw)
        answer = Answer(file, method)
        closes = answer.fields.get("connection") == "close"
        if closes:
            assert file.read() == b"", "bytes behind an answer with Connection: close"
        return answer, closes


def get(server, target, *fields, method="GET"):
    return ask(server, request(target, method, fields), method)[0]


def equal(found, wanted):
    assert found == wanted, f"{found!r} instead of {wanted!r}"


# What it serves.

def plain(server, _):
    """/plain is 13 bytes of text"""
    answer = get(server, "/plain")
    equal((answer.status, answer.body), (200, HELLO))
    assert answer.fields["content-type"].startswith("text/plain")
    now = email.utils.parsedate_to_datetime(answer.fields["date"]).timestamp()
    assert abs(now - time.time()) < LIMIT, answer.fields["date"]
    assert answer.fields["server"]


def files(server, root):
    """files arrive whole, each with its type and date"""
    for name, kind in (("a.txt", "text/plain"), ("sub/b.html", "text/html"), ("big", None),
                       ("empty.json", "application/json"), ("with space.png", "image/png")):
        answer = get(server, "/" + name.replace(" ", "%20"))
        path = root / name
        equal((answer.status, answer.body), (200, path.read_bytes()))
        equal(answer.fields["content-type"], kind or "application/octet-stream")
        stamp = email.utils.parsedate_to_datetime(answer.fields["last-modified"]).timestamp()
        equal(stamp, int(path.stat().st_mtime))


def index(server, root):
    """a folder is answered with its index.html, or 404"""
    equal(get(server, "/").body, (root / "index.html").read_bytes())
    equal(get(server, "/?x=/../y").status, 200)
    for target in ("/", "/with/"):
        equal(get(server, target).fields["content-type"], "text/html")
    equal(get(server, "/with/").body, b"<p>with</p>\n")
    equal(get(server, "/sub/").status, 404)
    equal(get(server, "/sub").status, 404)


def head(server, _):
    """HEAD has the head of GET and no body"""
    for target in ("/plain", "/a.txt", "/big", "/missing"):
        whole = get(server, target)
        with server.connect() as sock, sock.makefile("rb") as file:
            sock.sendall(request(target, "HEAD") + request("/plain"))
            answer = Answer(file, "HEAD")
            equal((answer.status, answer.length), (whole.status, whole.length))
            equal(Answer(file).body, HELLO)


def absolute_form(server, _):
    """a target may name the host"""
    equal(get(server, "http://localhost/plain").body, HELLO)
    equal(get(server, "http://localhost/a.txt?q").status, 200)


# Parts and dates.

def ranges(server, _):
    """a range gives its part: first, last, open, suffix, of several the first"""
    size = len(BIG)
    for field, begin, end in (("0-0", 0, 1), (f"{size - 1}-{size - 1}", size - 1, size),
                              ("10-19", 10, 20), (f"{size - 5}-", size - 5, size),
                              ("-7", size - 7, size), (f"-{size + 9}", 0, size),
                              ("5-99999999999", 5, size), ("1000-600000", 1000, 600001),
                              ("3-4, 8-9", 3, 5)):
        answer = get(server, "/big", f"Range: bytes={field}")
        equal(answer.status, 206)
        equal(answer.fields["content-range"], f"bytes {begin}-{end - 1}/{size}")
        assert answer.body == BIG[begin:end], f"wrong bytes for {field}"


def bad_ranges(server, _):
    """a range that cannot be had is answered 416, another unit is ignored"""
    for field in (f"{len(BIG)}-", "-0", "9-3", "x", "-", "1-2x", "99999999999999999999-"):
        answer = get(server, "/big", f"Range: bytes={field}")
        equal(answer.status, 416)
        equal(answer.fields["content-range"], f"bytes */{len(BIG)}")
    equal(get(server, "/empty.json", "Range: bytes=0-0").status, 416)
    equal(get(server, "/big", "Range: lines=0-1").status, 200)


def if_range(server, _):
    """If-Range gives the part of an unchanged file, else the whole"""
    date = get(server, "/big").fields["last-modified"]
    old = "Sun, 06 Nov 1994 08:49:37 GMT"
    for value, status in ((date, 206), (old, 200), ('"tag"', 200)):
        equal(get(server, "/big", "Range: bytes=0-9", f"If-Range: {value}").status, status)


def not_modified(server, _):
    """If-Modified-Since is answered 304 or with the file"""
    date = get(server, "/a.txt").fields["last-modified"]
    old = "Sunday, 06-Nov-94 08:49:37 GMT"
    for value, status in ((date, 304), ("Sat, 01 Jan 2050 00:00:00 GMT", 304), (old, 200),
                          ("yesterday", 200)):
        answer = get(server, "/a.txt", f"If-Modified-Since: {value}")
        equal((answer.status, answer.body == b""), (status, status == 304))


# Connections.

def keep_alive(server, _):
    """a connection serves many requests, until one says close"""
    with server.connect() as sock, sock.makefile("rb") as file:
        for _ in range(50):
            sock.sendall(request("/plain"))
            equal(Answer(file).body, HELLO)
        sock.sendall(request("/plain", fields=["Connection: close"]))
        answer = Answer(file)
        equal((answer.fields["connection"], file.read()), ("close", b""))


def http_1_0(server, _):
    """HTTP/1.0 closes, unless keep-alive was asked for"""
    answer, closes = ask(server, b"GET /plain HTTP/1.0\r\n\r\n")
    equal((answer.body, closes), (HELLO, True))
    answer, _ = ask(server, request("/plain", fields=["Connection: keep-alive"], version="1.0"))
    equal(answer.fields["connection"], "keep-alive")


def pipelining(server, _):
    """100 pipelined requests are answered in their order"""
    targets = [("/plain", "/big", "/a.txt", "/missing")[i % 4] for i in range(100)]
    bodies = {"/plain": HELLO, "/big": BIG, "/a.txt": b"a text\n"}
    with server.connect() as sock, sock.makefile("rb") as file:
        everything = b"".join(map(request, targets))
        sender = threading.Thread(target=sock.sendall, args=(everything,))
        sender.start()
        for target in targets:
            answer = Answer(file)
            if target == "/missing":
                equal(answer.status, 404)
            else:
                assert answer.body == bodies[target], f"wrong body for {target}"
        sender.join()


def byte_by_byte(server, _):
    """a request may come byte by byte, and with a body"""
    with server.connect() as sock, sock.makefile("rb") as file:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request("/plain"):
            sock.sendall(bytes([byte]))
        equal(Answer(file).body, HELLO)
        sock.sendall(request("/plain", fields=["Content-Length: 5"]) + b"hello")
        equal(Answer(file).body, HELLO)
        chunked = b"5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"
        sock.sendall(request("/a.txt", fields=["Transfer-Encoding: chunked"]) + chunked)
        equal(Answer(file).status, 200)
        sock.sendall(request("/a.txt", fields=["Expect: 100-continue", "Content-Length: 1"]))
        equal(Answer(file).status, 100)
        sock.sendall(b"x")
        equal(Answer(file).status, 200)


# What it refuses.

def not_found(server, _):
    """what is not there is 404, and the connection goes on"""
    answer, closes = ask(server, request("/missing"))
    equal((answer.status, closes), (404, False))
    equal(get(server, "/a.txt/x").status, 404)
    equal(get(server, "/" + "x" * 300).status, 404)
    equal(get(server, "/fifo").status, 404)


def not_allowed(server, _):
    """other methods are 405, and the connection goes on"""
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        with server.connect() as sock, sock.makefile("rb") as file:
            sock.sendall(request("/plain", method, ["Content-Length: 3"]) + b"abc" + request())
            answer = Answer(file)
            equal((answer.status, answer.fields["allow"]), (405, "GET, HEAD"))
            equal(Answer(file).body, HELLO)


def escapes(server, _):
    """no path leads out of the root"""
    for target in ("/../secret", "/sub/../../secret", "/%2e%2e/secret", "/%2E%2E%2Fsecret",
                   "/..%2fsecret", "/.%2e/secret", "/sub/%2e%2e/%2e%2e/secret", "//etc/passwd",
                   "/%2fetc/passwd", "/out/secret", "/out-file", "/absolute", "/absolute-inside",
                   "/index.html/../../secret", "/proc/self/root/etc/passwd"):
        answer = get(server, target)
        equal((target, answer.status), (target, 404))
    for target in ("/%00", "/a.txt%00", "/a.txt%00.png", "/%2e%2e%00/secret", "/%", "/%4",
                   "/%zz", "/a%2"):
        equal((target, get(server, target).status), (target, 400))


def inside(server, root):
    """paths and symbolic links within the root are followed"""
    wanted = (root / "a.txt").read_bytes()
    for target in ("/sub/../a.txt", "/./a.txt", "//a.txt", "/in", "/%61.txt", "/sub/up"):
        answer = get(server, target)
        equal((target, answer.status, answer.body), (target, 200, wanted))


def bad_requests(server, _):
    """bad syntax is 400, and ends the connection"""
    for raw in (b"garbage\r\n\r\n", b"GET /plain\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01",
                b"GET  HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
                b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: a\r\nb c: d\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"):
        answer, closes = ask(server, raw)
        equal((raw, answer.status, closes), (raw, 400, True))


def big_heads(server, _):
    """a head that is too big is 431"""
    for fields in (["Big: " + "x" * 100000], [f"F{i}: {i}" for i in range(5000)]):
        answer, closes = ask(server, request("/plain", fields=fields))
        equal((answer.status, closes), (431, True))
    equal(ask(server, request("/" + "y" * 9000))[0].status, 431)
    equal(get(server, "/plain", "Big: " + "x" * 6000).status, 200)


def big_bodies(server, _):
    """a body that is too long is 413, whether it says so or not"""
    raw = request("/plain", "POST", ["Content-Length: 1000000"])
    for tail in (b"", b"x" * 1000000):
        answer, closes = ask(server, raw + tail)
        equal((answer.status, closes), (413, True))
    chunks = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    raw = request("/plain", "POST", ["Transfer-Encoding: chunked"])
    answer, closes = ask(server, raw + chunks * 20)
    equal((answer.status, closes), (413, True))


def slow_clients(server, _):
    """a request that does not end in time is 408, however its bytes trickle"""
    for trickle in (False, True):
        begin = time.monotonic()
        with server.connect() as sock, sock.makefile("rb") as file:
            sock.sendall(b"GET /plain HTTP/1.1\r\nHost: x\r\nSlow: ")
            stop = threading.Event()

            def send():
                while not stop.wait(0.2):
                    try:
                        sock.sendall(b"y")
                    except OSError:
                        return

            sender = threading.Thread(target=send if trickle else stop.wait)
            sender.start()
            try:
                answer = Answer(file)
            finally:
                stop.set()
                sender.join()
            equal((answer.status, answer.fields["connection"]), (408, "close"))
        assert time.monotonic() - begin >= REQUEST_TIMEOUT


def idle_clients(server, _):
    """a connection without a request is closed in time, without a word"""
    begin = time.monotonic()
    with server.connect() as fresh, server.connect() as used, used.makefile("rb") as file:
        used.sendall(request())
        equal(Answer(file).body, HELLO)
        equal((file.read(), fresh.recv(1)), (b"", b""))
    assert time.monotonic() - begin >= IDLE_TIMEOUT


# What it tells of itself.

def stats(server, _):
    """/stats is text that Prometheus can read, and it counts"""
    def read():
        answer = get(server, "/stats")
        equal(answer.status, 200)
        assert answer.fields["content-type"].startswith("text/plain")
        return parse_metrics(answer.body.decode())
    before = read()
    for _ in range(10):
        get(server, "/plain")
    get(server, "/missing")
    after = read()
    equal(after["httpd_requests_total"] - before["httpd_requests_total"], 12)
    equal(after["httpd_errors_total"] - before["httpd_errors_total"], 1)
    assert after["httpd_connections"] >= 1
    assert after["weft_spawned_total"] > before["weft_spawned_total"]
    equal(after["weft_workers"], 2)
    for worker in "01":
        assert f'weft_worker_cpu_seconds_total{{worker="{worker}"}}' in after


def parse_metrics(text):
    """The samples of the text format; each must follow its HELP and TYPE."""
    values, kind = {}, None
    assert text.endswith("\n")
    for line in text.splitlines():
        title = re.fullmatch(r"# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)", line)
        if title:
            if title.group(1) == "TYPE":
                assert title.group(3) in ("counter", "gauge"), line
                kind = title.group(2)
            continue
        sample = re.fullmatch(r'(([a-zA-Z_:][\w:]*)(?:\{\w+="[^"\\]*"\})?) (\d+(?:\.\d+)?)', line)
        assert sample, f"no sample: {line!r}"
        equal(sample.group(2), kind)
        assert sample.group(1) not in values, f"{sample.group(1)} twice"
        values[sample.group(1)] = float(sample.group(3))
    return values


# Its life. These start servers of their own.

def options(program, root):
    """bad options are refused with a message"""
    bad = [("--workers", w) for w in ("0", "x", "1000", "-1", "2x", "")]
    bad += [("--port", "65536"), ("--port", "x"), ("--max-connections", "0"),
            ("--idle-timeout", "0"), ("--idle-timeout", "x"), ("--what", "1")]
    for option in bad:
        done = subprocess.run([program, "--port", "0", *option], capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)
        assert done.returncode not in (0, None) and done.returncode > 0, option
        assert option[0][2:].encode() in done.stderr, (option, done.stderr)
        equal(done.stdout, b"")
    done = subprocess.run([program, "--port", "0", "--root", str(root / "none")],
                          capture_output=True, timeout=LIMIT, check=False)
    equal((done.returncode, b"none" in done.stderr), (1, True))


def port_in_use(program, root):
    """a port that is taken is an error with a message"""
    with Server(program, root) as server:
        done = subprocess.run([program, "--port", str(server.port)], capture_output=True,
                              timeout=LIMIT, check=False)
        equal((done.returncode, done.stdout), (1, b""))
        assert done.stderr.startswith(b"httpd: ")


def too_many(program, root):
    """a connection too many is told 503; when another one ends there is room again"""
    with Server(program, root, "--max-connections", "2") as server:
        with server.connect() as one, server.connect() as two:
            for sock in (one, two):
                sock.sendall(request())
                equal(Answer(sock.makefile("rb")).body, HELLO)
            answer, closes = ask(server, request())
            equal((answer.status, closes), (503, True))
        limit = time.monotonic() + LIMIT
        while get(server, "/plain").status == 503:
            assert time.monotonic() < limit, "no room"
        equal(server.stop()[0], 0)


def unread_answers(program, root):
    """a client that takes nothing is cut off"""
    with Server(program, root, "--write-timeout", "1") as server:
        with server.connect() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.sendall(request("/big") * 100)
            limit = time.monotonic() + LIMIT
            while parse_metrics(get(server, "/stats").body.decode())["httpd_connections"] > 1:
                assert time.monotonic() < limit, "still there"
                threading.Event().wait(0.1)
        equal(server.stop()[0], 0)


def stop_idle(program, root):
    """SIGINT and SIGTERM end an idle server at once, with status 0"""
    for number in (signal.SIGINT, signal.SIGTERM):
        with Server(program, root) as server:
            with server.connect() as sock, sock.makefile("rb") as file:
                sock.sendall(request())
                equal(Answer(file).body, HELLO)
                server.process.send_signal(number)
                equal(file.read(), b"")
            equal(server.process.wait(LIMIT), 0)


def stop_begun(program, root):
    """a request of which a part was sent before SIGTERM is answered, with Connection: close"""
    with Server(program, root) as server:
        with server.connect() as sock, sock.makefile("rb") as file:
            sock.sendall(request() + request("/a.txt")[:-2])
            equal(Answer(file).body, HELLO)
            begin = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            wait_refused(server)
            sock.sendall(b"\r\n")
            answer = Answer(file)
            equal((answer.status, answer.fields["connection"]), (200, "close"))
            equal(file.read(), b"")
        equal(server.process.wait(LIMIT), 0)
        assert time.monotonic() - begin < 5


def wait_refused(server):
    limit = time.monotonic() + LIMIT
    while time.monotonic() < limit:
        try:
            server.connect().close()
            threading.Event().wait(0.01)
        except (ConnectionRefusedError, ConnectionResetError):
            return
    raise AssertionError("it still accepts")


class Load(threading.Thread):
    """One client that asks as fast as it can, until its connection is closed."""

    def __init__(self, server, target, body):
        super().__init__()
        self.server, self.target, self.body = server, target, body
        self.answers, self.error = 0, None
        self.begun = threading.Event()
        self.start()

    def run(self):
        try:
            with self.server.connect() as sock, sock.makefile("rb") as file:
                while True:
                    sock.sendall(request(self.target) * 3)
                    for _ in range(3):
                        answer = Answer(file)
                        assert answer.status == 200 and answer.body == self.body, "a wrong answer"
                        self.answers += 1
                        self.begun.set()
        except (EOFError, BrokenPipeError):
            pass  # closed between two answers
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error
        self.begun.set()


def stop_under_load(program, root):
    """SIGTERM under load: each request is answered whole, or the connection closed before it"""
    for _ in range(5):
        with Server(program, root) as server:
            kinds = [("/plain", HELLO)] * 12 + [("/big", BIG)] * 4
            clients = [Load(server, *kind) for kind in kinds]
            for client in clients:
                assert client.begun.wait(LIMIT)
            status, seconds = server.stop()
            for client in clients:
                client.join(LIMIT)
                assert not client.is_alive(), "a client waits for an answer"
                assert client.error is None, f"{client.target}: {client.error!r}"
                assert client.answers > 0
            equal(status, 0)
            assert seconds < 5, f"{seconds:.1f} s"


def leaves_nothing(program, root):
    """after many connections the descriptors are as many as before"""
    with Server(program, root) as server:
        folder = pathlib.Path(f"/proc/{server.process.pid}/fd")
        for _ in range(20):
            get(server, "/big")
        before = len(list(folder.iterdir()))
        for _ in range(200):
            ask(server, request("/big", fields=["Connection: close"]))
        limit = time.monotonic() + LIMIT
        while len(list(folder.iterdir())) > before:
            assert time.monotonic() < limit, "descriptors are left"
        equal(server.stop()[0], 0)


SERVED = [plain, files, index, head, absolute_form, ranges, bad_ranges, if_range, not_modified,
          keep_alive, http_1_0, pipelining, byte_by_byte, not_found, not_allowed, escapes, inside,
          bad_requests, big_heads, big_bodies, slow_clients, idle_clients, stats]
LIVES = [options, port_in_use, too_many, unread_answers, stop_idle, stop_begun, stop_under_load,
         leaves_nothing]


def make_root(folder):
    """A root with a secret beside it."""
    root = folder / "root"
    (root / "sub").mkdir(parents=True)
    (folder / "secret").write_text("secret\n")
    (root / "index.html").write_text("<p>index</p>\n")
    (root / "a.txt").write_text("a text\n")
    (root / "sub" / "b.html").write_text("<p>b</p>\n")
    (root / "with").mkdir()
    (root / "with" / "index.html").write_text("<p>with</p>\n")
    (root / "big").write_bytes(BIG)
    (root / "empty.json").write_text("")
    (root / "with space.png").write_bytes(b"\x89PNG")
    os.mkfifo(root / "fifo")
    (root / "in").symlink_to("a.txt")
    (root / "sub" / "up").symlink_to("../a.txt")
    (root / "out").symlink_to("..")
    (root / "out-file").symlink_to("../secret")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "absolute-inside").symlink_to(root / "a.txt")
    return root


def check(number, function, *arguments):
    """Runs one check, and says how it went."""
    try:
        function(*arguments)
    except Exception:  # pylint: disable=broad-except
        print(f"not ok {number} - {function.__doc__}")
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
        sys.stdout.flush()
        return False
    print(f"ok {number} - {function.__doc__}", flush=True)
    return True


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    wanted = set(sys.argv[2:])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="httpd-test-"))
    good = True
    print(f"1..{len(SERVED) + len(LIVES)}")
    try:
        root = make_root(folder)
        with Server(program, root, "--workers", "2", "--request-timeout", str(REQUEST_TIMEOUT),
                    "--idle-timeout", str(IDLE_TIMEOUT)) as server:
            for number, function in enumerate(SERVED, 1):
                if not wanted or function.__name__ in wanted:
                    good &= check(number, function, server, root)
            status, _ = server.stop()
            if status != 0:
                print(f"# the server ended with status {status}")
                good = False
        for number, function in enumerate(LIVES, len(SERVED) + 1):
            if not wanted or function.__name__ in wanted:
                good &= check(number, function, program, root)
    finally:
        shutil.rmtree(folder)
    return not good


sys.exit(main())
