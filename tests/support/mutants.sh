#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mutants.sh [NAME...]: would the tests notice? Each tests/mutants/NAME.patch plants one bug.
#
# A patch names in a header line, "# test: PROGRAM [ARG...]", what must fail with the bug and must
# pass without it: a program of tests/, as meson calls it, e.g.
#     # test: unit_deque
# "# build: OPTIONS" may name meson options for bugs that only a sanitizer sees. A hang is found by
# the time limit. A patch that no longer applies or compiles is a failure, and so is a test that
# fails without the bug. Only the program is built, in a copy of the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD
work=$here/build/mutants
copy=$work/tree
limit=100
declare -A passes # "FOLDER TEST" without any bug

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

compile() { # FOLDER OPTIONS PROGRAM
    if [ ! -f "$1/build.ninja" ]; then
        # shellcheck disable=SC2086
        (cd "$copy" && meson setup "$1" --buildtype=debug -Doptimization=1 -Dbench=false \
            -Dexamples=false $2) >"$work/log" 2>&1 || return 1
    fi
    ninja -C "$1" "tests/$3" >"$work/log" 2>&1
}

run_test() { # FOLDER TEST
    # shellcheck disable=SC2086
    (cd "$copy" && timeout "$limit" tests/support/san-wrap.sh "$1"/tests/$2) >"$work/log" 2>&1
}

# The test passes without the bug; asked once.
check_sound() { # FOLDER OPTIONS TEST
    [ -z "${passes["$1 $3"]-}" ] || return 0
    compile "$1" "$2" "${3%% *}" || { say "the tree itself does not build: $3"; return 1; }
    run_test "$1" "$3" || { say "fails without a bug: $3"; return 1; }
    passes["$1 $3"]=1
}

apply() { (cd "$copy" && patch -p1 --silent --no-backup-if-mismatch "$@") >/dev/null 2>&1; }

# Is this bug noticed? Says so, and returns 0 if it is.
try() {
    local patch=$1 name test options folder verdict=0
    name=$(basename "$patch" .patch)
    test=$(header test "$patch")
    options=$(header build "$patch")
    folder=$(build_folder "$options")
    [ -n "$test" ] || { say "$name: names no test"; return 1; }
    check_sound "$folder" "$options" "$test" || return 1
    apply --forward --dry-run <"$patch" || { say "$name: no longer applies"; return 1; }
    apply --forward <"$patch"
    if ! compile "$folder" "$options" "${test%% *}"; then
        say "$name: does not compile"
        verdict=1
    elif run_test "$folder" "$test"; then
        say "$name: NOT FOUND by: $test"
        verdict=1
    else
        say "$name: found"
    fi
    apply --reverse <"$patch"
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
