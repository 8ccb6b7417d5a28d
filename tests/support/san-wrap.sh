#!/bin/sh
# SPDX-License-Identifier: MIT
# san-wrap.sh COMMAND...: runs a test; any sanitizer report makes it fail.
#
# Criterion calls a test passed that leaked, raced or met undefined behaviour, since its exit status
# comes too late to count. So the sanitizers write their reports into a folder of their own, and a
# report there ends in status 66, whatever the test said. Address randomisation is turned off where
# the kernel uses more bits than the sanitizers of gcc 12 and clang 14 bear. Alternate signal stacks
# are ours alone: ASan would make its own with calls that the fault tests let fail.
reports=$(mktemp -d) || exit 99
asan="detect_stack_use_after_return=1:use_sigaltstack=0"
export ASAN_OPTIONS="log_path=$reports/asan:$asan:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="log_path=$reports/ubsan:print_stacktrace=1:${UBSAN_OPTIONS:-}"
export TSAN_OPTIONS="log_path=$reports/tsan:second_deadlock_stack=1:${TSAN_OPTIONS:-}"

fixed=
bits=$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)
[ "$bits" -gt 28 ] && fixed="setarch -R"

$fixed "$@"
status=$?

if [ -n "$(ls -A "$reports")" ]; then
    cat "$reports"/* >&2
    echo "san-wrap: sanitizer reports: $(find "$reports" -type f | wc -l)" >&2
    [ "$status" -eq 0 ] || [ "$status" -eq 77 ] && status=66
fi
rm -rf "$reports"
exit "$status"
