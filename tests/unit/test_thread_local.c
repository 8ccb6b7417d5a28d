/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>

#include "runtime/base/thread_local.h"
#include "runtime/core/context.h"
#include "runtime/core/sanitizer.h"

TestSuite(thread_local, .timeout = 30);

Test(thread_local, the_address_is_that_of_the_variable)
{
    cr_expect_eq(weft__thread_local(), &weft__thread_local_object);
}

static void *look(void *empty)
{
    static const struct weft__thread_local zero;
    struct weft__thread_local *mine = weft__thread_local();

    *(bool *)empty = !mine->worker && !mine->loop && !mine->forked && !mine->magazines[0].head;
    *mine = zero;
    return mine;
}

Test(thread_local, each_thread_has_its_own_which_begins_empty)
{
    pthread_t thread;
    bool empty = false;
    void *theirs = NULL;
    weft__thread_local()->forked = true;

    cr_assert_eq(pthread_create(&thread, NULL, look, &empty), 0);
    pthread_join(thread, &theirs);

    cr_expect(empty);
    cr_expect_neq(theirs, weft__thread_local());
    cr_expect(weft__thread_local()->forked);
}

/* A function that sleeps on one thread and goes on on another. */

static struct {
    void *traveller, *home; /* saved contexts */
    struct weft__san traveller_san, home_san;
    struct weft__thread_local *before, *after;
} trip;

static void go(void **from, struct weft__san *from_san, void *to, struct weft__san *to_san)
{
    weft__san_switch_begin(from_san, to_san, false);
    weft__context_switch(from, to, 0);
    weft__san_switch_end(from_san);
}

static void travel(uintptr_t value)
{
    (void)value;
    weft__san_switch_end(&trip.traveller_san);
    trip.before = weft__thread_local();
    go(&trip.traveller, &trip.traveller_san, trip.home, &trip.home_san);
    trip.after = weft__thread_local();
    go(&trip.traveller, &trip.traveller_san, trip.home, &trip.home_san);
}

static void *carry(void *arg)
{
    (void)arg;
    weft__san_adopt(&trip.home_san);
    go(&trip.home, &trip.home_san, trip.traveller, &trip.traveller_san);
    return weft__thread_local();
}

Test(thread_local, who_wakes_on_another_thread_finds_that_threads)
{
    static _Alignas(64) char stack[128 * 1024];
    pthread_t thread;
    void *theirs = NULL;
    weft__san_make(&trip.traveller_san, stack, stack + sizeof stack);
    trip.traveller = weft__context_make(stack + sizeof stack, travel);

    void *ours = carry(NULL);
    cr_assert_eq(pthread_create(&thread, NULL, carry, NULL), 0);
    pthread_join(thread, &theirs);

    cr_expect_eq(trip.before, ours);
    cr_expect_eq(trip.after, theirs);
    cr_expect_neq(theirs, ours);
    weft__san_unmake(&trip.traveller_san);
}
