#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""install_test.py ROOT BUILD -- CC...: weft as it is installed.

weft is installed into an empty folder; the program of README.md is built by its command, and one
that keeps a mutex is run with the library that tells of it, with nothing but what lies there.
Speaks TAP."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

LIMIT = 60  # seconds that anything may take: a machine may be slow

KEEPER = """
#include <pthread.h>
#include <weft.h>
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
WEFT_CORO(keeper)
{
    pthread_mutex_lock(&mutex);
    int rc = weft_sleep(0);
    pthread_mutex_unlock(&mutex);
    return rc;
}
int main(void)
{
    return weft_run(weft_coro(&keeper, NULL), NULL, .workers = 1);
}
"""


def run(command, **options):
    """What it prints, on standard output and on standard error; it must end well."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout, done.stderr


def only(pattern, text):
    """What stands in the one place that the pattern describes."""
    found = re.findall(pattern, text, re.S | re.M)
    assert len(found) == 1, f"{len(found)} times in README.md: {pattern}"
    return found[0]


def installed(build, folder):
    """The environment in which what was installed into the folder is found."""
    run(["meson", "install", "-C", build, "--no-rebuild", "--destdir", folder])
    config = next(folder.rglob("weft.pc"))
    library = next(folder.rglob("libweft.so"))
    return {**os.environ, "PKG_CONFIG_PATH": str(config.parent),
            "PKG_CONFIG_SYSROOT_DIR": str(folder), "LD_LIBRARY_PATH": str(library.parent)}


def runs_readme(root, folder, compiler, environment):
    """the program of README.md is built by its command, and runs"""
    readme = (root / "README.md").read_text(encoding="utf-8")
    program = only(r"^```c\n(#include <stdio.h>.*?)^```", readme)
    command = only(r"^    cc (hello\.c \$\(pkg-config .*? -o hello)$", readme)
    (folder / "hello.c").write_text(program, encoding="utf-8")
    run(f"{compiler} {command}", shell=True, cwd=folder, env=environment)
    assert run("./hello", cwd=folder, env=environment)[0] == "hello\nworld\n"


def tells_of_a_mutex(_root, folder, compiler, environment):
    """who preloads libweft-mutexes.so is told of a task that keeps a mutex"""
    (folder / "keeper.c").write_text(KEEPER, encoding="utf-8")
    run(f"{compiler} keeper.c $(pkg-config --cflags --libs weft) -o keeper", shell=True,
        cwd=folder, env=environment)
    debug = {**environment, "WEFT_DEBUG": "1"}
    told = "a task gave its thread up with a mutex locked"
    assert told not in run("./keeper", cwd=folder, env=debug)[1]
    assert told in run("./keeper", cwd=folder,
                       env={**debug, "LD_PRELOAD": "libweft-mutexes.so"})[1]


def main():
    root, build, compiler = pathlib.Path(sys.argv[1]), sys.argv[2], " ".join(sys.argv[4:])
    tests = [runs_readme, tells_of_a_mutex]
    status = 0
    print(f"1..{len(tests)}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = installed(build, folder / "installed")
        for number, test in enumerate(tests, 1):
            try:
                test(root, folder, compiler, environment)
                print(f"ok {number} - {test.__doc__}", flush=True)
            except Exception as error:  # pylint: disable=broad-except
                status = 1
                print(f"not ok {number} - {test.__doc__}")
                print("\n".join(f"# {line}" for line in f"{error!r}".split("\\n")), flush=True)
    return status


sys.exit(main())
