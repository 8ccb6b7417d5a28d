/* SPDX-License-Identifier: MIT */
/*
 * crit_tsan: lets Criterion start under ThreadSanitizer. Linked into each of its programs.
 *
 * Criterion (its library BoxFort) maps an arena at 0x200000000000 + (rand_r() & 0x3fffff) * 16 MiB.
 * TSan refuses fixed maps outside of its ranges for programs, so nearly every start fails with
 * "Could not initialize inheritable arena". This rand_r keeps the arena within one such range,
 * 0x550000000000 to 0x554000000000. It is not instrumented, as it runs before TSan is ready.
 */
#include "runtime/base/base.h"

#ifdef WEFT__TSAN
#include <stdlib.h>

__attribute__((visibility("default"), no_sanitize("thread"))) int rand_r(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return 0x350000 + (int)((*seed >> 8) & 0x3fff);
}
#else
typedef int weft__empty_unit;
#endif
