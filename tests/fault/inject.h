/* SPDX-License-Identifier: MIT */
/*
 * inject: makes the n-th call that can fail fail, and knows what is still held.
 *
 * The program is linked with ld --wrap for the names in the list CALLS: whatever the library calls
 * comes by here first. While armed, calls are counted; the n-th fails with the error that it has in
 * life, once, or from then on. What calls give and take back is kept in a table, with the place
 * that asked for it.
 *
 * Only what may fail on a healthy system is counted. A call that the kernel may refuse for a while
 * but not for ever (io_uring_enter) fails once also where everything fails from then on: it is to
 * be repeated. The test's own threads and blocks go by the names below, past the injection.
 */
#ifndef TESTS_FAULT_INJECT_H
#define TESTS_FAULT_INJECT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum inject_mode { INJECT_ONCE, INJECT_FROM_THEN_ON };

enum {                      /* groups of calls, for [calls] of inject_arm */
       INJECT_MEMORY = 1,   /* malloc and its kin, the slabs */
       INJECT_MAPPINGS = 2, /* mmap, madvise, mprotect, and stacks, which need them */
       INJECT_THREADS = 4,
       INJECT_RINGS = 8,   /* io_uring and its eventfd */
       INJECT_SYSTEM = 16, /* what has a second way: membarrier, process_madvise, sigaltstack */
       INJECT_FILES = 32,  /* sockets, accept, getaddrinfo */
       INJECT_ALL = 63,
};

/* From now on: the [n]-th counted call (from 1) fails. [error]: its errno, 0: the usual one of the
 * call. */
void inject_arm(unsigned n, enum inject_mode mode, unsigned calls, int error);
void inject_disarm(void);

/* Between the two nothing fails and nothing is counted. */
void inject_pause(void);
void inject_resume(void);

/* Since the last inject_arm: whether the n-th call came, its name, whether any call failed with
 * [error]. */
bool inject_reached(void);
const char *inject_name(void);
bool inject_gave(int error);

/* Blocks, slab objects and mappings that were given out and not taken back, without what the
 * library keeps for reuse by design: chunks of slabs, descriptors of arenas. They are counted in
 * *kept. A line for each is written to standard error. */
size_t inject_held(size_t *kept);

/* Not injected, not counted. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);

#endif
