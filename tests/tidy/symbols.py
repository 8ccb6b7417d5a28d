#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""symbols.py LIBRARY INCLUDE: the library exports exactly what the public headers declare.

Three lists must be the same: the symbols that the shared library defines for others, the names
declared with WEFT_API, and the functions declared at all. Speaks TAP."""
import pathlib
import re
import subprocess
import sys

NOISE = re.compile(r"/\*.*?\*/|//[^\n]*|^[ \t]*#(?:\\\n|[^\n])*", re.S | re.M)
NAME = re.compile(r"\b(weft_\w+)\s*\(|\b(weft_\w+)\s*(?:\[[^]]*\]\s*)?$")


def statements(text):
    """The declarations of a header at file scope, bodies left out."""
    text = NOISE.sub(" ", text)
    while True:
        shorter = re.sub(r"\{[^{}]*\}", ";", text)
        if shorter == text:
            break
        text = shorter
    return [" ".join(s.split()) for s in text.split(";")]


def declared(include):
    """(names with WEFT_API, functions without it that are not inline) of all headers."""
    api, bare = set(), set()
    for header in sorted(include.rglob("*.h")):
        for statement in statements(header.read_text(encoding="utf-8")):
            statement = re.sub(r"\bWEFT_(BEGIN|END)\b", " ", statement)
            found = NAME.search(statement)
            if not found or statement.lstrip().startswith("typedef"):
                continue
            if re.search(r"\bWEFT_API\b", statement):
                api.add(found.group(1) or found.group(2))
            elif found.group(1) and "inline" not in statement:
                bare.add(f"{header.relative_to(include)}: {found.group(1)}")
    return api, bare


def exported(library):
    output = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                            capture_output=True, text=True).stdout
    rows = [line.split() for line in output.splitlines()]
    return {row[-1].split("@")[0] for row in rows if row[1] != "A"}


def report(name, found):
    print(f"{'not ok' if found else 'ok'} - {name}")
    for line in sorted(found):
        print(f"# {line}")
    return bool(found)


def main():
    symbols = exported(sys.argv[1])
    api, bare = declared(pathlib.Path(sys.argv[2]))
    print("1..4")
    failed = [
        report("the headers declare something", set() if api else {"no WEFT_API at all"}),
        report("everything declared is exported", api - symbols),
        report("everything exported is declared", symbols - api),
        report("every declared function carries WEFT_API", bare),
    ]
    return 1 if any(failed) else 0


sys.exit(main())
