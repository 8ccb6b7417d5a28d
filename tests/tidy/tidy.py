#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tidy.py ROOT: the rules of the house that no compiler knows. Speaks TAP, one test for each rule.

layers.txt holds the floors, long_functions.txt the functions that may be long."""
import pathlib
import re
import subprocess
import sys

LINE_MAX = 100
FILE_MAX = 600
TEST_MAX = 900
FUNCTION_MAX = 70
HERE = pathlib.Path(__file__).parent
C_FILES = (".c", ".h", ".S")
NEED_SPDX = C_FILES + (".py", ".sh", ".build", ".pml", ".map")

INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets)\s*\(")
SLEEPS = re.compile(r"\b(sleep|usleep|nanosleep)\s*\(")
BARE_ATOMIC = re.compile(r"\b(atomic_(load|store|exchange|fetch_\w+|compare_exchange_\w+)"
                         r"(_explicit)?|atomic_thread_fence|atomic_signal_fence)\s*\(")
LEFT_OPEN = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
STANDARD_FOLDERS = ("/", "/tmp", "/var/tmp", "/usr/src", "/opt", "/srv", "/home", "/root")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", re.S)


def table(name):
    """The lines of a list beside this file, without comments."""
    text = (HERE / name).read_text().splitlines()
    return [line.strip() for line in text if line.strip() and not line.startswith("#")]


def blank(match):
    """A comment or a string as as many empty lines, so that line numbers stay."""
    text = match.group(0)
    return '""' if text.startswith('"') else "\n" * text.count("\n") or " "


class Source:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.suffix = path.suffix
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()
        self.is_c = self.suffix in C_FILES
        self.code = COMMENT.sub(blank, self.text).splitlines() if self.is_c else self.lines

    def within(self, *folders):
        return any(self.path == f or self.path.startswith(f + "/") for f in folders)

    def grep(self, pattern, what, lines=None):
        for number, line in enumerate(self.code if lines is None else lines, 1):
            found = pattern.search(line)
            if found:
                yield f"{self.path}:{number}: {what}: {found.group(0).strip()}"

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            found = INCLUDE.match(line) if self.is_c else None
            if found:
                yield number, found.group(1)


def line_length(sources):
    """no line is longer than 100 characters"""
    for s in sources:
        for number, line in enumerate(s.lines, 1):
            if len(line) > LINE_MAX and s.suffix not in (".patch", ".md"):
                yield f"{s.path}:{number}: {len(line)} characters"


def file_length(sources):
    """no file of code is longer than 600 lines, no test than 900"""
    for s in sources:
        most = TEST_MAX if str(s.path).startswith("tests/") else FILE_MAX
        if len(s.lines) > most and s.is_c:
            yield f"{s.path}: {len(s.lines)} lines"


def function_length(sources):
    """no function is longer than 70 lines, but those in long_functions.txt"""
    allowed = set(table("long_functions.txt"))
    for s in sources:
        if s.suffix != ".c":
            continue
        start = None
        for number, line in enumerate(s.code, 1):
            if line == "{":
                start = number
            elif line == "}" and start is not None:
                name = function_name(s.code, start)
                if number - start + 1 > FUNCTION_MAX:
                    entry = f"{s.path} {name}"
                    if entry not in allowed:
                        yield f"{s.path}:{start}: {name}: {number - start + 1} lines"
                    allowed.discard(entry)
                start = None
    for entry in sorted(allowed):
        yield f"long_functions.txt: {entry} is not long any more"


def function_name(code, brace):
    """The last word before the first parenthesis of the lines that lead to the brace."""
    head = ""
    for line in reversed(code[:brace - 1]):
        if not line.strip() or line.startswith(("}", "#")) or line.endswith(";"):
            break
        head = line + " " + head
    found = re.search(r"(\w+)\s*\(", head)
    return found.group(1) if found else "?"


def floors():
    return [(line.split(":")[0], line.split(":")[1].split()) for line in table("layers.txt")]


def floor_of(path, house):
    """The floor whose folder is the longest that holds this path."""
    best = (0, None)
    for height, (_, folders) in enumerate(house):
        for folder in folders:
            if path == folder or path.startswith(folder + "/"):
                best = max(best, (len(folder), height))
    return best[1]


def include_direction(sources):
    """no include points up (layers.txt)"""
    house = floors()
    for s in sources:
        own = floor_of(s.path, house)
        if own is None:
            continue
        for number, name in s.includes():
            path = f"include/{name}" if name.startswith("weft") else name
            other = floor_of(path, house)
            if other is not None and other > own:
                yield f"{s.path}:{number}: {house[own][0]} includes {name} of {house[other][0]}"
            elif name.startswith(("tests/", "bench/", "examples/")):
                yield f"{s.path}:{number}: the library includes {name}"


def private_header(sources):
    """tests of the interface and examples see the public headers only"""
    for s in sources:
        if s.within("tests/api", "tests/asyncio", "examples"):
            for number, name in s.includes():
                if name.startswith(("runtime/", "io/")):
                    yield f"{s.path}:{number}: private header {name}"


def banned_calls(sources):
    """no strcpy, strcat, sprintf, gets"""
    for s in sources:
        if s.is_c:
            yield from s.grep(BANNED, "banned call")


def no_sleep_in_tests(sources):
    """no test sleeps to make it pass (stress programs, which have no such moment, may pause)"""
    for s in sources:
        if s.is_c and s.within("tests") and not s.within("tests/stress"):
            yield from s.grep(SLEEPS, "a test that sleeps")


def atomics_by_name(sources):
    """atomics by the names of runtime/base/atomic.h, and no fence"""
    for s in sources:
        if s.is_c and s.path != "runtime/base/atomic.h" and s.within("runtime", "io"):
            yield from s.grep(BARE_ATOMIC, "bare atomic")


def ck_in_one_place(sources):
    """Concurrency Kit is included by runtime/base/ck.h alone"""
    for s in sources:
        if s.path != "runtime/base/ck.h":
            for number, name in s.includes():
                if re.match(r"(ck/)?ck_\w+\.h$", name):
                    yield f"{s.path}:{number}: {name}"


def nothing_left_open(sources):
    """no note that something is still to be done"""
    for s in sources:
        yield from s.grep(LEFT_OPEN, "left open", s.lines)


def licence_line(sources):
    """each source says its licence in its first lines"""
    for s in sources:
        if s.suffix in NEED_SPDX or s.path in ("dev", ".ci/run"):
            if not any("SPDX-License-Identifier: MIT" in line for line in s.lines[:3]):
                yield f"{s.path}: no SPDX line"


def no_machine_path(sources, root):
    """no path of one machine"""
    folder = root if root.parent.as_posix() in STANDARD_FOLDERS else root.parent
    home = re.compile(r"(?<![\w.])/(home|root|Users)/\w[\w./-]*|" + re.escape(f"{folder}/"))
    for s in sources:
        yield from s.grep(home, "a machine's path", s.lines)


RULES = [line_length, file_length, function_length, include_direction, private_header,
         banned_calls, no_sleep_in_tests, atomics_by_name, ck_in_one_place, nothing_left_open,
         licence_line]


def tree(root):
    """Every file that git knows or would add; without git, all but the build folder."""
    command = ["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode == 0:
        names = [root / name for name in listed.stdout.split("\0") if name]
    else:
        names = [p for p in root.rglob("*") if "build" not in p.relative_to(root).parts]
    for path in sorted(set(names)):
        if path.is_file():
            try:
                yield Source(root, path)
            except UnicodeDecodeError:
                pass


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    sources = list(tree(root))
    results = [(rule.__doc__, list(rule(sources))) for rule in RULES]
    results.append((no_machine_path.__doc__, list(no_machine_path(sources, root))))
    print(f"1..{len(results)}")
    for name, found in results:
        print(f"{'not ok' if found else 'ok'} - {name}")
        for line in found:
            print(f"# {line}")
    return 1 if any(found for _, found in results) or not sources else 0


sys.exit(main())
