#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench_test.py TABLE BENCH: what `./dev bench --quick --json` prints is JSON, a line for each
figure. Speaks TAP."""
import json
import pathlib
import subprocess
import sys

LIMIT = 100  # seconds: a machine may be slow
FIELDS = {"bench": str, "case": str, "peer": str, "workers": int, "unit": str,
          "median": (int, float), "min": (int, float), "max": (int, float), "runs": int}


def check(line, name):
    """Whether it is a figure of this bench."""
    figure = json.loads(line)
    assert set(figure) == set(FIELDS), f"the fields are {sorted(figure)}"
    for field, kind in FIELDS.items():
        assert isinstance(figure[field], kind), f"{field} is {figure[field]!r}"
    assert figure["bench"] == name, f"a figure of {figure['bench']}"
    assert figure["min"] <= figure["median"] <= figure["max"], line
    assert figure["runs"] > 0, line


def main():
    table, bench = sys.argv[1:]
    print("1..1", flush=True)
    try:
        done = subprocess.run([table, "--quick", "--json", bench], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT, check=False)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        assert lines, "no figure at all"
        for line in lines:
            check(line, pathlib.Path(bench).name.removeprefix("bench_"))
    except Exception as error:  # pylint: disable=broad-except
        print(f"not ok 1 - figures are lines of JSON\n# {error!r}")
        return 1
    print("ok 1 - figures are lines of JSON")
    return 0


sys.exit(main())
