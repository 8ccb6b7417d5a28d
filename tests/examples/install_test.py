#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""install_test.py ROOT BUILD -- CC...: the program of README.md, built by the command of README.md.

weft is installed into an empty folder; the program is built and run with nothing but what lies
there. Speaks TAP."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

LIMIT = 60  # seconds that anything may take: a machine may be slow


def run(command, **options):
    """What it prints; it must end well."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


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


def check(root, build, compiler):
    readme = (root / "README.md").read_text(encoding="utf-8")
    program = only(r"^```c\n(#include <stdio.h>.*?)^```", readme)
    command = only(r"^    cc (hello\.c \$\(pkg-config .*? -o hello)$", readme)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = installed(build, folder / "installed")
        (folder / "hello.c").write_text(program, encoding="utf-8")
        run(f"{compiler} {command}", shell=True, cwd=folder, env=environment)
        assert run("./hello", cwd=folder, env=environment) == "hello\nworld\n"


def main():
    root, build, compiler = sys.argv[1], sys.argv[2], " ".join(sys.argv[4:])
    print("1..1", flush=True)
    try:
        check(pathlib.Path(root), build, compiler)
    except Exception as error:  # pylint: disable=broad-except
        print("not ok 1 - the program of README.md is built by its command, and runs")
        print("\n".join(f"# {line}" for line in f"{error!r}".split("\\n")))
        return 1
    print("ok 1 - the program of README.md is built by its command, and runs")
    return 0


sys.exit(main())
