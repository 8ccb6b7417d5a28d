/* SPDX-License-Identifier: MIT */
/* mpsc: each transition of the head word, by one thread. Races: tests/stress/mpsc.c. */
#include <criterion/criterion.h>

#include "runtime/core/mpsc.h"

TestSuite(mpsc, .timeout = 30);

static struct weft__link objects[4];

static weft__entry entry(unsigned i)
{
    return weft__entry_make(&objects[i], WEFT__ENTRY_STACK);
}

static void expect_list(weft__entry e, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        cr_assert_eq(e, entry(i));
        e = weft__entry_link(e)->next;
    }
    cr_expect_eq(e, 0);
}

Test(mpsc, only_the_first_push_is_told_that_it_was_empty)
{
    struct weft__mpsc q;
    weft__mpsc_init(&q);

    cr_expect(weft__mpsc_is_empty(&q));
    cr_expect_eq(weft__mpsc_push(&q, entry(0)), WEFT__MPSC_WAS_EMPTY);
    cr_expect_eq(weft__mpsc_push(&q, entry(1)), WEFT__MPSC_QUEUED);

    cr_expect_not(weft__mpsc_is_empty(&q));
}

Test(mpsc, take_gives_everything_oldest_first_and_with_its_tags)
{
    struct weft__mpsc q;
    weft__mpsc_init(&q);
    for (unsigned i = 0; i < 3; i++)
        weft__mpsc_push(&q, entry(i));

    weft__entry list = weft__mpsc_take(&q, WEFT__MPSC_EMPTY);

    expect_list(list, 0, 3);
    cr_expect(weft__mpsc_is_empty(&q));
    cr_expect_eq(weft__mpsc_take(&q, WEFT__MPSC_EMPTY), 0);
    cr_expect_eq(weft__mpsc_push(&q, entry(0)), WEFT__MPSC_WAS_EMPTY);
}

Test(mpsc, nobody_else_becomes_responsible_while_it_is_busy)
{
    struct weft__mpsc q;
    weft__mpsc_init(&q);
    weft__mpsc_push(&q, entry(0));

    expect_list(weft__mpsc_take(&q, WEFT__MPSC_BUSY), 0, 1);

    cr_expect(weft__mpsc_is_empty(&q));
    cr_expect_eq(weft__mpsc_push(&q, entry(1)), WEFT__MPSC_QUEUED);
    expect_list(weft__mpsc_take(&q, WEFT__MPSC_BUSY), 1, 2);
    cr_expect_eq(weft__mpsc_take(&q, WEFT__MPSC_BUSY), 0);
    cr_expect(weft__mpsc_release(&q));
    cr_expect_eq(weft__mpsc_push(&q, entry(2)), WEFT__MPSC_WAS_EMPTY);
}

Test(mpsc, release_fails_if_something_came_meanwhile)
{
    struct weft__mpsc q;
    weft__mpsc_init(&q);
    weft__mpsc_push(&q, entry(0));
    weft__mpsc_take(&q, WEFT__MPSC_BUSY);
    weft__mpsc_push(&q, entry(1));

    cr_expect_not(weft__mpsc_release(&q));

    expect_list(weft__mpsc_take(&q, WEFT__MPSC_BUSY), 1, 2);
    cr_expect(weft__mpsc_release(&q));
}

Test(mpsc, close_returns_the_rest_and_refuses_what_comes)
{
    struct weft__mpsc q;
    weft__mpsc_init(&q);
    weft__mpsc_push(&q, entry(0));
    weft__mpsc_push(&q, entry(1));

    expect_list(weft__mpsc_close(&q), 0, 2);

    cr_expect(weft__mpsc_is_closed(&q));
    cr_expect_eq(weft__mpsc_push(&q, entry(2)), WEFT__MPSC_REFUSED);
    cr_expect_eq(weft__mpsc_take(&q, WEFT__MPSC_EMPTY), 0);
    cr_expect(weft__mpsc_is_closed(&q), "no take opens it again");
    cr_expect_eq(weft__mpsc_close(&q), 0);
}

Test(mpsc, a_holder_finds_out_that_it_was_closed)
{
    struct weft__mpsc q;
    weft__mpsc_init(&q);
    weft__mpsc_push(&q, entry(0));
    weft__mpsc_take(&q, WEFT__MPSC_BUSY);

    cr_expect_eq(weft__mpsc_close(&q), 0);

    cr_expect_not(weft__mpsc_release(&q));
    cr_expect_eq(weft__mpsc_take(&q, WEFT__MPSC_BUSY), 0);
    cr_expect(weft__mpsc_is_closed(&q));
}
