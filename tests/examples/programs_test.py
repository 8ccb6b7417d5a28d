#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""programs_test.py PROGRAM...: what the small examples say. Speaks TAP.

Each check is a function that is named by its docstring; it is run with one and four workers."""
import errno
import os
import pathlib
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback

LIMIT = 20  # seconds that anything may take: a machine may be slow
WORKERS = ("1", "4")


def equal(found, wanted):
    assert found == wanted, f"{found!r} instead of {wanted!r}"


def output_of(program, *arguments):
    """What the program prints; it must end well and complain of nothing."""
    done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=LIMIT, check=False)
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout


class Server:
    """An echo server on a free port."""

    def __init__(self, program, workers):
        self.process = subprocess.Popen([program, "0", workers], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        line = self.process.stdout.readline()
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        if not found:
            self.__exit__()
            raise AssertionError(f"the server says {line!r}")
        self.port = found.group(1)
        return self

    def connect(self):
        return socket.create_connection(("127.0.0.1", int(self.port)), LIMIT)

    def interrupt(self):
        """Ctrl-C: it ends with status 0, and prints nothing more."""
        self.process.send_signal(signal.SIGINT)
        said, complained = self.process.communicate(timeout=LIMIT)
        equal((self.process.returncode, said, complained), (0, "", ""))

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


# The checks.

def hello(programs, workers):
    """hello says its words, the second one a second later"""
    begin = time.monotonic()
    equal(output_of(programs["hello"], workers), "hello\nworld\n")
    assert time.monotonic() - begin >= 1, "it did not sleep"


def hello_interrupted(programs, workers):
    """hello, ended by Ctrl-C in its sleep, does not say the second word"""
    # A terminal, so that the first word is seen when it is said.
    screen, terminal = pty.openpty()
    try:
        process = subprocess.Popen([programs["hello"], workers], stdin=subprocess.DEVNULL,
                                   stdout=terminal)
        os.close(terminal)
        said = b""
        while not said.endswith(b"\n"):
            said += os.read(screen, 100)
        process.send_signal(signal.SIGINT)
        equal((process.wait(LIMIT), said), (1, b"hello\r\n"))
        try:
            equal(os.read(screen, 100), b"")
        except OSError:  # how a terminal whose other end is closed says that nothing more comes
            pass
    finally:
        os.close(screen)


def gather(programs, workers):
    """gather prints the outcomes in the order of its arguments"""
    equal(output_of(programs["gather"], workers), f"9\n{os.strerror(errno.EDOM)}\n4\n")


def wait(programs, workers):
    """wait takes the first of three and cancels the others"""
    equal(output_of(programs["wait"], workers),
          "1 done, the first in 100 ms\ncancelled\ncancelled\n")


def as_completed(programs, workers):
    """as_completed prints what comes in time, in that order"""
    equal(output_of(programs["as_completed"], workers),
          "300 ms\n600 ms\n900 ms\nthe late one still runs\ncancelled\n")


def shield(programs, workers):
    """shield keeps a commit from being cut off by a time-out"""
    equal(output_of(programs["shield"], workers), "timed out, the commit goes on\ncommitted\n")


def taskgroup(programs, workers):
    """taskgroup cancels all when one fails, and lists the error"""
    equal(output_of(programs["taskgroup"], workers),
          f"the body is cancelled\na task failed: {os.strerror(errno.EIO)}\n")


def threadsafe(programs, workers):
    """threadsafe has the loop add for a thread outside it"""
    equal(output_of(programs["threadsafe"], workers), "2 + 3 = 5\n")


def testing(programs, _workers):
    """testing goes through 12 hours a hundred times, faster than the clock on the wall"""
    begin = time.monotonic()
    equal(output_of(programs["testing"]), "100 times 12 hours\n")
    assert time.monotonic() - begin < LIMIT


def client_and_server(programs, workers):
    """tcp_client gets its line back from echo_server, twenty at a time"""
    said = []
    with Server(programs["echo_server"], workers) as server:
        clients = [threading.Thread(target=lambda: said.append(
            output_of(programs["tcp_client"], server.port, workers))) for _ in range(20)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        server.interrupt()
    equal(said, ["ping\n"] * 20)


def echo(programs, workers):
    """echo_server gives back a mebibyte to a peer that writes all of it before it reads"""
    sent = os.urandom(1 << 20)
    with Server(programs["echo_server"], workers) as server:
        with server.connect() as sock, sock.makefile("rb") as file:
            def send():
                sock.sendall(sent)
                sock.shutdown(socket.SHUT_WR)
            sender = threading.Thread(target=send)
            sender.start()
            received = file.read()
            sender.join()
        assert received == sent, f"{len(received)} bytes came, or others"
        server.interrupt()


def no_server(programs, workers):
    """tcp_client says why it cannot connect, and ends with status 1"""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))  # and does not listen
        port = str(unheard.getsockname()[1])
        done = subprocess.run([programs["tcp_client"], port, workers], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT, check=False)
    equal((done.returncode, done.stdout), (1, ""))
    assert done.stderr.startswith("tcp_client: "), done.stderr


def port_in_use(programs, workers):
    """echo_server says that its port is taken, and ends with status 1"""
    with Server(programs["echo_server"], workers) as server:
        done = subprocess.run([programs["echo_server"], server.port, workers],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=LIMIT, check=False)
        equal((done.returncode, done.stdout), (1, ""))
        assert done.stderr.startswith("echo_server: "), done.stderr
        server.interrupt()


CHECKS = [hello, hello_interrupted, gather, wait, as_completed, shield, taskgroup, threadsafe,
          testing, client_and_server, echo, no_server, port_in_use]


def check(number, function, programs, workers):
    """Runs one check, and says how it went."""
    name = f"{function.__doc__} (workers: {workers})"
    try:
        function(programs, workers)
    except Exception:  # pylint: disable=broad-except
        print(f"not ok {number} - {name}")
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
        sys.stdout.flush()
        return False
    print(f"ok {number} - {name}", flush=True)
    return True


def main():
    paths = [pathlib.Path(path).resolve() for path in sys.argv[1:]]
    programs = {path.name: str(path) for path in paths}
    runs = [(function, workers) for function in CHECKS for workers in WORKERS]
    print(f"1..{len(runs)}")
    results = [check(number, function, programs, workers)
               for number, (function, workers) in enumerate(runs, 1)]
    return not all(results)


sys.exit(main())
