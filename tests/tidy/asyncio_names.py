#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""asyncio_names.py ROOT: what docs/asyncio.md says of asyncio's names is so. Speaks TAP.

Its tables have three columns: a name of Python, the names of weft or "not yet" or "none", and the
difference. What is exported, and that the headers declare the same, is compared by symbols.py."""
import asyncio
import pathlib
import re
import sys

ROW = re.compile(r"^\| `([^`|]+)` \|([^|]*)\|([^|]*)\|$")
OTHER_ROW = re.compile(r"^\|(?! Python \| weft \| difference \|$|---\|---\|---\|$)")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
WEFT_NAME = re.compile(r"\b(?:weft|WEFT)_\w+")
SPAN = re.compile(r"`([^`]*)`")


def read_rows(page):
    """(number, Python's name, weft's names, difference) of each row, and what is no good row."""
    rows, bad = [], []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        found = ROW.match(line)
        if found:
            rows.append((number, *(cell.strip() for cell in found.groups())))
        elif OTHER_ROW.match(line):
            bad.append(f"{page.name}:{number}: {line}")
    return rows, bad


def declared(include):
    """Every name of weft in the code of the public headers."""
    return {name for header in include.rglob("*.h")
            for name in WEFT_NAME.findall(COMMENT.sub(" ", header.read_text(encoding="utf-8")))}


def unknown_answers(rows):
    """the middle column holds names, "not yet", or "none" and why"""
    for number, name, answer, difference in rows:
        names = SPAN.sub("", answer).replace(",", "").strip()
        if not (names == "" and answer or answer == "not yet" or answer == "none" and difference):
            yield f"{number}: {name}: {answer!r}"


def undeclared(rows, names):
    """every name in the middle column is in a public header"""
    for number, name, answer, difference in rows:
        for span in SPAN.findall(answer):
            if span not in names:
                yield f"{number}: {name}: {span}"
        for mentioned in WEFT_NAME.findall(difference):
            if mentioned not in names:
                yield f"{number}: {name}: {mentioned}"


def missing(rows):
    """every public name of this Python's asyncio has a row"""
    listed = {name for _, name, _, _ in rows}
    yield from (name for name in asyncio.__all__
                if name not in listed and not name.startswith("_"))


def report(name, found):
    print(f"{'not ok' if found else 'ok'} - {name}")
    for line in found:
        print(f"# {line}")
    return bool(found)


def main():
    root = pathlib.Path(sys.argv[1])
    rows, bad = read_rows(root / "docs" / "asyncio.md")
    names = declared(root / "include")
    print("1..5")
    failed = [
        report("each row has a name of Python and two more cells", bad),
        report(unknown_answers.__doc__, list(unknown_answers(rows))),
        report(undeclared.__doc__, list(undeclared(rows, names))),
        report(missing.__doc__, list(missing(rows))),
        report("there are rows, and names", [] if rows and names else ["none"]),
    ]
    return any(failed)


sys.exit(main())
