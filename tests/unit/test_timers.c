/* SPDX-License-Identifier: MIT */
/*
 * timers: order, removal and memory, against a model that looks at every timer each time. Link with
 * -Wl,--wrap=realloc.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "runtime/core/timers.h"

TestSuite(timers, .timeout = 30);

#define COUNT 2000

static bool no_memory;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_realloc(void *old, size_t size)
{
    return no_memory ? NULL : __real_realloc(old, size);
}

static struct weft__timer pool[COUNT];

/* The lock is held throughout, as the functions expect. */
static void open_timers(struct weft__timers *h)
{
    weft__timers_init(h);
    weft__spin_lock(&h->lock);
}

static struct weft__timer *add(struct weft__timers *h, unsigned i, int64_t deadline)
{
    weft__timer_init(&pool[i]);
    pool[i].deadline = deadline;
    cr_assert_eq(weft__timers_reserve(h), 0);
    weft__timers_add(h, &pool[i]);
    return &pool[i];
}

static void drain(struct weft__timers *h)
{
    while (weft__timers_due(h, INT64_MAX - 1))
        ;
}

Test(timers, nothing_is_due_before_its_deadline)
{
    struct weft__timers h;
    open_timers(&h);
    cr_expect_eq(weft__timers_first(&h), WEFT__TIMERS_NEVER);

    struct weft__timer *t = add(&h, 0, 100);

    cr_expect_eq(weft__timers_first(&h), 100);
    cr_expect_null(weft__timers_due(&h, 99));
    cr_expect_eq(weft__timers_due(&h, 100), t);
    cr_expect_not(weft__timer_is_linked(t));
    cr_expect_null(weft__timers_due(&h, 1000));
    cr_expect_eq(weft__timers_first(&h), WEFT__TIMERS_NEVER);
    weft__timers_destroy(&h);
}

Test(timers, due_in_the_order_of_deadlines)
{
    struct weft__timers h;
    open_timers(&h);
    for (unsigned i = 0; i < 1000; i++)
        add(&h, i, 1 + i * 7919 % 1000);

    for (int64_t deadline = 1; deadline <= 1000; deadline++) {
        cr_assert_eq(weft__timers_first(&h), deadline);
        cr_assert_eq(weft__timers_due(&h, 5000)->deadline, deadline);
    }

    weft__timers_destroy(&h);
}

Test(timers, equal_deadlines_are_due_as_they_were_added_even_when_the_count_wraps)
{
    struct weft__timers h;
    open_timers(&h);
    h.added = UINT32_MAX - 50;
    for (unsigned i = 0; i < 100; i++)
        add(&h, i, 5);
    weft__timers_check(&h);

    for (unsigned i = 0; i < 100; i++)
        cr_assert_eq(weft__timers_due(&h, 5), &pool[i], "number %u", i);

    weft__timers_destroy(&h);
}

Test(timers, a_removed_timer_is_never_due)
{
    struct weft__timers h;
    open_timers(&h);
    struct weft__timer *early = add(&h, 0, 1);
    struct weft__timer *late = add(&h, 1, 2);

    cr_expect(weft__timers_remove(&h, early));
    cr_expect_not(weft__timers_remove(&h, early));

    cr_expect_eq(weft__timers_first(&h), 2);
    cr_expect_eq(weft__timers_due(&h, 10), late);
    cr_expect_not(weft__timers_remove(&h, late), "already due");
    weft__timers_destroy(&h);
}

/* The earliest linked timer of the pool, by looking at all. */
static struct weft__timer *model_first(unsigned count)
{
    struct weft__timer *best = NULL;
    for (unsigned i = 0; i < count; i++) {
        struct weft__timer *t = &pool[i];
        if (!weft__timer_is_linked(t))
            continue;
        if (!best || t->deadline < best->deadline ||
            (t->deadline == best->deadline && (int32_t)(t->order - best->order) < 0))
            best = t;
    }
    return best;
}

Test(timers, any_mix_of_add_remove_and_due_agrees_with_the_model)
{
    enum { POOL = 150 };
    struct weft__timers h;
    open_timers(&h);
    unsigned seed = 12345;
    for (unsigned i = 0; i < POOL; i++)
        weft__timer_init(&pool[i]);

    for (unsigned step = 0; step < 20000; step++) {
        seed = seed * 1103515245 + 12345;
        unsigned i = (seed >> 8) % POOL;
        struct weft__timer *first = model_first(POOL);
        if (first && step % 3 == 0) {
            cr_assert_eq(weft__timers_due(&h, first->deadline), first);
        } else if (weft__timer_is_linked(&pool[i])) {
            cr_assert(weft__timers_remove(&h, &pool[i]));
        } else {
            add(&h, i, 1 + (seed >> 20) % 64); /* few values: many are equal */
        }
        weft__timers_check(&h);
    }

    drain(&h);
    weft__timers_destroy(&h);
}

Test(timers, reserve_reports_that_there_is_no_memory_and_changes_nothing)
{
    struct weft__timers h;
    open_timers(&h);
    unsigned added = 0;
    while (added == 0 || h.count < h.capacity)
        add(&h, added++, 10);

    no_memory = true;
    int rc = weft__timers_reserve(&h);
    no_memory = false;

    cr_expect_eq(rc, -ENOMEM);
    weft__timers_check(&h);
    cr_expect_eq(weft__timers_reserve(&h), 0);
    drain(&h);
    weft__timers_destroy(&h);
}

Test(timers, memory_is_given_back_and_adding_still_cannot_fail)
{
    struct weft__timers h;
    open_timers(&h);
    for (unsigned i = 0; i < COUNT; i++)
        add(&h, i, 1 + i);
    uint32_t most = h.capacity;
    cr_assert_eq(weft__timers_reserve(&h), 0);

    for (unsigned i = 1; i < COUNT; i++)
        cr_assert(weft__timers_remove(&h, &pool[i]));
    weft__timers_add(&h, &pool[1]); /* the room reserved above */

    cr_expect_lt(h.capacity, most);
    cr_expect_geq(h.capacity, h.count);
    weft__timers_check(&h);
    drain(&h);
    weft__timers_destroy(&h);
}

Test(timers, a_refused_shrink_keeps_the_old_memory)
{
    struct weft__timers h;
    open_timers(&h);
    for (unsigned i = 0; i < COUNT; i++)
        add(&h, i, 1 + i);

    no_memory = true;
    for (unsigned i = 1; i < COUNT; i++)
        cr_assert(weft__timers_remove(&h, &pool[i]));
    no_memory = false;

    cr_expect_eq(weft__timers_due(&h, 1), &pool[0]);
    weft__timers_destroy(&h);
}
