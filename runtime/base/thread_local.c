/* SPDX-License-Identifier: MIT */
#include "runtime/base/thread_local.h"

_Thread_local
    __attribute__((tls_model("initial-exec"))) struct weft__thread_local weft__thread_local_object;

#if !defined(__x86_64__) || defined(__clang_analyzer__)
WEFT__NOINLINE struct weft__thread_local *weft__thread_local(void)
{
    struct weft__thread_local *p = &weft__thread_local_object;

    __asm__ volatile("" : "+r"(p)); /* launders the address: it is not the callers' to cache */
    return p;
}
#endif
