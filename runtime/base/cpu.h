/* SPDX-License-Identifier: MIT */
/*
 * cpu: how many cores this process may use, and what only the processor can do.
 *
 * The count is what the default number of workers comes from. Cores that the affinity mask does not
 * allow do not count, and neither do those that a container's CPU quota would only let us use part
 * of the time: a worker that the kernel throttles in the middle of a step delays all the others.
 */
#ifndef WEFT_BASE_CPU_H
#define WEFT_BASE_CPU_H

#include "runtime/base/base.h"
#include "runtime/base/clock.h"

/* Cores of the affinity mask, limited by the cgroup's quota rounded up; at least 1. Reads files. */
unsigned weft__cpu_count(void);

/*
 * The quota of this process's cgroups and all above them, in cores rounded up; UINT_MAX when there
 * is none. [root] stands before each path that is read: "" in production, a made-up tree in tests.
 */
unsigned weft__cpu_quota(const char *root);

/* What a loop that waits for another core does between two looks. */
WEFT__INLINE void weft__cpu_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory"); /* yield is a no-op on most cores */
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/* A counter that runs at some constant rate, cheaper than the clock. Only differences mean
 * anything. */
#ifdef WEFT_SIM
uint64_t weft__virtual_cycles(void); /* the simulation's clock: the same seed sees the same */
#endif

WEFT__INLINE uint64_t weft__cpu_cycles(void)
{
#ifdef WEFT_SIM
    return weft__virtual_cycles();
#elif defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t count;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
    return (uint64_t)weft__clock_now();
#endif
}

#endif
