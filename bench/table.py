#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""table.py [OPTION...] [PROGRAM...]: runs benches and shows their figures beside what weft aims at.

Without programs it reads the lines of JSON that benches print (--json) from standard input. Ends
with status 1 if a bench failed. A missed target is no failure: the machine may just be busy."""
import argparse
import json
import subprocess
import sys

RAW = "raw"


class Times:
    """A target that is a multiple of the raw figure of the same run."""

    def __init__(self, factor):
        self.factor = factor


def both(value):
    return {1: value, 2: value}


def raw(factor):
    return {1: Times(factor)}


# (bench, case): {workers: target}, in the unit of the bench.
TARGETS = {
    ("fib", "task"): {1: 14, 2: 7},
    ("skynet", "1M"): {1: 14, 2: 7},
    ("spawn", "one"): both(14),
    ("spawn", "all"): {1: 30, 2: 45},
    ("yield", "2"): both(12),
    ("yield", "1000"): {1: 12, 2: 7},
    ("yield", "100000"): {1: 45, 2: 25},
    ("channel", "roundtrip"): both(50),
    ("threadsafe", "call-1"): both(30),
    ("threadsafe", "call-2"): both(30),
    ("threadsafe", "call-4"): both(30),
    ("threadsafe", "roundtrip-spin"): {1: 1},
    ("threadsafe", "roundtrip-sleep"): raw(1.2),
    ("timers", "cpu-warm"): {1: 550},
    ("timers", "cpu-cold"): raw(1.1),
    ("timers", "late-p99"): {1: 50},
    ("memory", "parked"): {1: 4350},
    ("memory", "parked-pagetables"): {1: 300},
    ("echo", "1"): raw(1.03),
    ("echo", "50"): raw(1.03),
    ("echo", "1000"): raw(1.03),
    ("stuck", "ticker-p99"): {2: 1000},
    ("stuck", "echo-p99"): {2: 1000},
}

COLUMNS = "{:<10} {:<17} {:>7} {:>9} {:>9} {:>9} {:<6} {:>9} {:>9} {:>6} {:>9} {:<4}"
HEAD = ("bench", "case", "workers", "median", "min", "max", "unit", "cpu", "raw", "x raw", "target",
        "")


def number(value):
    """Three digits or all before the point."""
    if value is None or isinstance(value, Times):
        return ""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


class Table:
    """One row for each case of weft and number of workers. What was measured beside it, the raw
    figure and the processor time, stands in the same row."""

    def __init__(self):
        self.met = self.missed = 0
        print(COLUMNS.format(*HEAD).rstrip(), flush=True)

    def add(self, lines):
        """All lines of one bench."""
        known = {(x["case"], x["peer"], x["workers"]): x for x in lines}
        for line in lines:
            case, workers = line["case"], line["workers"]
            if case == "noise":
                self.row(line, None, None)
            elif line["peer"] == "weft" and not self.is_cpu(known, line):
                self.row(line, known.get((case + "-cpu", "weft", workers)),
                         known.get((case, RAW, workers)))

    @staticmethod
    def is_cpu(known, line):
        case, suffix = line["case"][:-4], line["case"][-4:]
        return suffix == "-cpu" and (case, line["peer"], line["workers"]) in known

    def row(self, line, cpu, beside):
        median = line["median"]
        cpu, beside = cpu and cpu["median"], beside and beside["median"]
        target, mark = self.judge(line, beside)
        print(COLUMNS.format(line["bench"], line["case"], line["workers"] or "", number(median),
                             number(line["min"]), number(line["max"]), line["unit"], number(cpu),
                             number(beside), f"{median / beside:.3f}" if beside else "",
                             target, mark).rstrip(), flush=True)

    def judge(self, line, beside):
        target = TARGETS.get((line["bench"], line["case"]), {}).get(line["workers"])
        if target is None:
            return "", ""
        shown, limit = number(target), target
        if isinstance(target, Times):
            shown = f"{target.factor} x raw"
            if beside is None:
                return shown, ""
            limit = target.factor * beside
        met = line["median"] <= limit
        self.met += met
        self.missed += not met
        return shown, "ok" if met else "miss"

    def end(self):
        if self.met + self.missed:
            print(f"\n{self.met} of {self.met + self.missed} targets met")


def run(program, flags):
    """The lines that it prints, and its status."""
    process = subprocess.Popen([program, "--json"] + flags, stdout=subprocess.PIPE, text=True)
    lines = [line for line in process.stdout if line.startswith("{")]
    return lines, process.wait()


def by_bench(lines):
    """Neighbours of the same bench together."""
    group = []
    for line in map(json.loads, lines):
        if group and group[-1]["bench"] != line["bench"]:
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--workers", metavar="N", help="with N workers only")
    parser.add_argument("--seconds", metavar="S", help="go on measuring for S seconds")
    parser.add_argument("--json", action="store_true", help="the lines as they are, no table")
    parser.add_argument("program", nargs="*")
    args = parser.parse_args()

    flags = ["--quick"] if args.quick else []
    flags += [f"--workers={args.workers}"] if args.workers else []
    flags += [f"--seconds={args.seconds}"] if args.seconds else []
    table = None if args.json else Table()
    failed = []

    def show(lines):
        if args.json:
            sys.stdout.writelines(lines)
            sys.stdout.flush()
        else:
            for group in by_bench(lines):
                table.add(group)

    for program in args.program:
        lines, status = run(program, flags)
        show(lines)
        if status:
            failed.append(f"{program}: status {status}")
    if not args.program:
        show([line for line in sys.stdin if line.startswith("{")])
    if table:
        table.end()
    for what in failed:
        print(f"table.py: {what}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
