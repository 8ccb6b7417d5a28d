#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pairs_test.py PROGRAM...: each of these says what its other half in Python says (pairs/pair.h).
Speaks TAP.

A program is called pair_NAME; it is run with one worker, and with four if its source allows it."""
import concurrent.futures
import difflib
import os
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent / "pairs"
OLDEST = (3, 11)
LIMIT = 60  # seconds that anything may take: a machine may be slow
MOST = re.compile(r"^PAIR\w*\(.*, ([14])\)$", re.M | re.S)


def output_of(command):
    """What a program prints; it must end well and complain of nothing."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, check=False)
    if done.returncode != 0 or done.stderr:
        raise ValueError(f"{command} ends with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def wanted_of(name):
    expected = FOLDER / f"{name}.expected"
    if expected.exists():
        return expected.read_text()
    return output_of([sys.executable, "-I", FOLDER / f"{name}.py"])


def compare(path):
    """What is different, as lines; none if nothing is."""
    name = path.name.removeprefix("pair_")
    most = MOST.search((FOLDER / f"{name}.c").read_text()).group(1)
    found = []
    try:
        wanted = wanted_of(name)
        for workers in sorted({"1", most}):
            said = output_of([path, workers])
            if said != wanted:
                found += difflib.unified_diff(wanted.splitlines(), said.splitlines(), "asyncio",
                                              f"weft, workers: {workers}", lineterm="")
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        found += str(error).splitlines()
    return name, found


def unpaired(paths):
    """Halves that have no other half among the programs."""
    names = {path.name.removeprefix("pair_") for path in paths}
    return [path.name for path in sorted(FOLDER.iterdir())
            if path.suffix in (".py", ".c", ".expected") and path.stem not in names]


def report(name, found):
    print(f"{'not ok' if found else 'ok'} - {name}")
    for line in found:
        print(f"# {line}")
    sys.stdout.flush()
    return bool(found)


def main():
    paths = [pathlib.Path(path).resolve() for path in sys.argv[1:]]
    print(f"1..{len(paths) + 2}")
    old = [] if sys.version_info >= OLDEST else [f"this is {sys.version}"]
    failed = [report("Python is 3.11 or later", old),
              report("each has two halves", unpaired(paths))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        failed += [report(*compared) for compared in pool.map(compare, paths)]
    return any(failed)


sys.exit(main())
