#!/bin/sh
# SPDX-License-Identifier: MIT
# format.sh ROOT: every C file is as clang-format would write it; ./dev fmt mends it.
command -v clang-format >/dev/null || exit 77
cd "$1" || exit 1
find runtime io include tests bench examples -name '*.[ch]' -print0 |
    xargs -0 clang-format --dry-run -Werror
