#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""headers.py INCLUDE --c COMMAND... --c++ COMMAND...: each public header compiles alone.

Each is included twice, with nothing before it, as C11 and as C++17, without GNU extensions and with
every warning an error. Speaks TAP."""
import argparse
import pathlib
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", "-fsyntax-only"]


def compiles(command, include, language, standard, header):
    source = f"#include <{header}>\n#include <{header}>\n"
    return subprocess.run(
        command + WARNINGS + [f"-std={standard}", f"-I{include}", "-x", language, "-"],
        input=source, text=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("include", type=pathlib.Path)
    parser.add_argument("--c", nargs="+", required=True)
    parser.add_argument("--c++", nargs="+", required=True, dest="cxx")
    args = parser.parse_args()

    headers = sorted(p.relative_to(args.include) for p in args.include.rglob("*.h"))
    failed = not headers
    print(f"1..{2 * len(headers)}")
    for header in headers:
        for command, language, standard in ((args.c, "c", "c11"), (args.cxx, "c++", "c++17")):
            result = compiles(command, args.include, language, standard, header)
            verdict = "ok" if result.returncode == 0 else "not ok"
            print(f"{verdict} - {header} alone as {standard}")
            if result.returncode != 0:
                failed = True
                print("\n".join("# " + line for line in result.stderr.splitlines()))
    return 1 if failed else 0


sys.exit(main())
