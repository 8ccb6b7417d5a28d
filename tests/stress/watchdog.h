/* SPDX-License-Identifier: MIT */
/*
 * watchdog: a wait that never ends is a failure, with a replay line.
 *
 * Whoever begins something that must end within the bound says so in a slot of its own, and says
 * when it ended. A thread looks at all slots every tenth of a second. So a lost wake-up is found
 * even while others move on.
 */
#ifndef WEFT_TESTS_WATCHDOG_H
#define WEFT_TESTS_WATCHDOG_H

#include <pthread.h>

#include "stress.h"

enum { WATCHDOG_SLOTS = 64, WATCHDOG_SECONDS = 10 };

static _Atomic(int64_t) watchdog_began[WATCHDOG_SLOTS]; /* 0: nothing to wait for */
static _Atomic(bool) watchdog_over;
static pthread_t watchdog_thread;

static inline void watchdog_begin(unsigned slot)
{
    atomic_store(&watchdog_began[slot], stress_now());
}

static inline void watchdog_end(unsigned slot)
{
    atomic_store(&watchdog_began[slot], 0);
}

static inline void *watchdog_main(void *arg)
{
    while (!atomic_load(&watchdog_over)) {
        struct timespec tenth = {.tv_nsec = 100000000};
        nanosleep(&tenth, NULL);
        for (unsigned i = 0; i < WATCHDOG_SLOTS; i++) {
            int64_t began = atomic_load(&watchdog_began[i]);
            if (began && stress_now() - began > WATCHDOG_SECONDS * INT64_C(1000000000)) {
                fprintf(stderr, "slot %u waits for more than %d s\n", i, WATCHDOG_SECONDS);
                stress_fail("what should run does not: a wake-up was lost");
            }
        }
    }
    return arg;
}

static inline void watchdog_start(void)
{
    atomic_store(&watchdog_over, false);
    STRESS_CHECK(pthread_create(&watchdog_thread, NULL, watchdog_main, NULL) == 0);
}

static inline void watchdog_stop(void)
{
    atomic_store(&watchdog_over, true);
    pthread_join(watchdog_thread, NULL);
}

#endif
