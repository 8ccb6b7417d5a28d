#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""results.py [--failed PART]... BUILD...: what really ran in these build folders, after meson test.

Counts each TAP line of a program that speaks TAP, and each other program as one. A program that
ended badly although no line of it says so (a sanitizer report, a crash, a time-out, a missing
plan) counts as one more failure. What failed and what was skipped is listed by name, the latter
with its reason. --failed names a part that ended badly; it counts if no test says why. The last
line is "N passed, N failed"; the status is 0 only if nothing failed and something passed."""
import argparse
import json
import pathlib
import re
import sys

TAP = re.compile(r"^(not ok|ok)\b[ \d]*(?:- )?(.*?)(?:\s*# SKIP\b\s*(.*))?$", re.I)
PLAN = re.compile(r"^1\.\.\d+", re.M)
SUITES = re.compile(r"^(?:\w+:)?([\w+]+) / ")


def outcomes(record):
    """(verdict, name, detail) of everything that one program reports."""
    output = record.get("stdout") or ""
    name = record["name"].split(" / ")[-1]
    result = record["result"]
    found = []
    if PLAN.search(output):
        for line in output.splitlines():
            match = TAP.match(line)
            if match:
                word, test, reason = match.groups()
                verdict = "failed" if word.lower() == "not ok" else "passed"
                if reason is not None:
                    verdict = "skipped"
                found.append((verdict, f"{name}: {test.strip()}", reason or ""))
    elif result in ("OK", "SKIP"):
        words = (output + (record.get("stderr") or "")).strip().splitlines()
        reason = words[-1] if words else "no reason given"
        found.append(("passed" if result == "OK" else "skipped", name, reason))
    bad = result not in ("OK", "SKIP") or (result == "SKIP" and not found)
    if bad and not any(verdict == "failed" for verdict, _, _ in found):
        found.append(("failed", name, f"{result.lower()}, status {record.get('returncode')}"))
    return found


def read(build):
    log = pathlib.Path(build) / "meson-logs" / "testlog.json"
    if not log.exists():
        yield "failed", "?", f"{pathlib.Path(build).name}: no test ran", ""
        return
    for line in log.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        suite = SUITES.match(record["name"])
        for verdict, name, detail in outcomes(record):
            yield verdict, suite.group(1) if suite else "-", name, detail


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--failed", action="append", default=[], metavar="PART")
    parser.add_argument("builds", nargs="+", metavar="BUILD")
    args = parser.parse_args()

    total = {"passed": 0, "failed": 0, "skipped": 0}
    for build in args.builds:
        suites, listed = {}, []
        for verdict, suite, name, detail in read(build):
            total[verdict] += 1
            suites.setdefault(suite, {"passed": 0, "failed": 0, "skipped": 0})[verdict] += 1
            if verdict != "passed":
                listed.append(f"  {verdict}: {name}" + (f" ({detail})" if detail else ""))
        print(f"{pathlib.Path(build).name}:")
        for suite, count in sorted(suites.items()):
            print(f"  {suite:<10}" + "".join(f"{count[v]:>6} {v}" for v in count if count[v]))
        for line in sorted(listed):
            print(line)
    if args.failed and not total["failed"]:
        total["failed"] = len(args.failed)
        print("  failed: " + ", ".join(args.failed))
    if total["skipped"]:
        print(f"{total['skipped']} skipped, named above")
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 0 if total["passed"] and not total["failed"] else 1


sys.exit(main())
