/* SPDX-License-Identifier: MIT */
/* spin: one holder at a time, and what a holder wrote is seen by the next. */
#include <criterion/criterion.h>
#include <pthread.h>

#include "runtime/base/spin.h"

TestSuite(spin, .timeout = 30);

#define THREADS 4
#define ROUNDS 20000

static struct weft__spin lock;
static unsigned counter; /* plain on purpose: ThreadSanitizer checks that the lock orders it */

static void *count_under_lock(void *by_trying)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (!by_trying || !weft__spin_try(&lock))
            weft__spin_lock(&lock);
        counter++;
        weft__spin_unlock(&lock);
    }
    return NULL;
}

Test(spin, a_held_lock_is_not_taken_again)
{
    struct weft__spin s;
    weft__spin_init(&s);

    cr_expect_not(weft__spin_is_held(&s));
    cr_expect(weft__spin_try(&s));
    cr_expect(weft__spin_is_held(&s));
    cr_expect_not(weft__spin_try(&s));
    weft__spin_unlock(&s);

    cr_expect(weft__spin_try(&s));
}

Test(spin, no_update_under_the_lock_is_lost)
{
    pthread_t threads[THREADS];
    weft__spin_init(&lock);

    for (uintptr_t i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, count_under_lock, (void *)(i % 2)), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);

    cr_expect_eq(counter, THREADS * ROUNDS);
}
