#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mutants.sh [NAME...]: would the tests notice? Each tests/mutants/NAME.patch plants one bug.
#
# A patch names in a header line, "# test: COMMAND", what must fail with the bug and must pass
# without it. The command runs in a copy of the tree, with $BUILD set to its build folder, e.g.
#     # test: meson test -C "$BUILD" unit_deque
# "# build: OPTIONS" may name meson options for bugs that only a sanitizer sees. A hang is found by
# the time limit. A patch that no longer applies or compiles is a failure, and so is a command that
# fails without the bug.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD
work=$here/build/mutants
copy=$work/tree
limit=300

say() { printf '%s\n' "$*"; }
header() { sed -n "s/^# $1: //p" "$2" | head -n 1; }

# The files that git knows or would add; times are kept, so that only what changed is built again.
copy_tree() {
    mkdir -p "$copy"
    git ls-files -z -co --exclude-standard | xargs -0 ls -d 2>/dev/null |
        tar -cf - -T - | tar -xf - -C "$copy"
}

# build_folder OPTIONS: its path, one folder for each set of options.
build_folder() { printf '%s/build-%s' "$work" "$(printf '%s' "$1" | cksum | cut -d' ' -f1)"; }

compile() { # FOLDER OPTIONS
    if [ ! -f "$1/build.ninja" ]; then
        # shellcheck disable=SC2086
        (cd "$copy" && meson setup "$1" --buildtype=debug -Doptimization=1 $2) >"$work/log" 2>&1
    fi
    ninja -C "$1" >"$work/log" 2>&1
}

run_test() { (cd "$copy" && BUILD=$1 timeout "$limit" bash -c "$2") >"$work/log" 2>&1; }

# Is this bug noticed? Says so, and returns 0 if it is.
try() {
    local patch=$1 name command options folder verdict=0
    name=$(basename "$patch" .patch)
    command=$(header test "$patch")
    options=$(header build "$patch")
    folder=$(build_folder "$options")
    [ -n "$command" ] || { say "$name: names no test"; return 1; }
    compile "$folder" "$options" || { say "$name: the tree itself does not build"; return 1; }
    run_test "$folder" "$command" || { say "$name: its test fails without the bug"; return 1; }
    (cd "$copy" && patch -p1 --forward --silent --dry-run <"$patch") >/dev/null 2>&1 ||
        { say "$name: no longer applies"; return 1; }
    (cd "$copy" && patch -p1 --silent --no-backup-if-mismatch <"$patch")
    if ! compile "$folder" "$options"; then
        say "$name: does not compile"
        verdict=1
    elif run_test "$folder" "$command"; then
        say "$name: NOT FOUND by: $command"
        verdict=1
    else
        say "$name: found"
    fi
    (cd "$copy" && patch -p1 --silent --reverse --no-backup-if-mismatch <"$patch")
    return "$verdict"
}

rm -rf "$work"
mkdir -p "$work"
copy_tree
found=0
all=0
for patch in "$here"/tests/mutants/*.patch; do
    [ -e "$patch" ] || break
    name=$(basename "$patch" .patch)
    [ $# -eq 0 ] || [[ " $* " == *" $name "* ]] || continue
    all=$((all + 1))
    if try "$patch"; then
        found=$((found + 1))
    fi
done
say "$found of $all found"
[ "$all" -gt 0 ] && [ "$found" -eq "$all" ]
