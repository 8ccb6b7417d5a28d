/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/waiters.h"

TestSuite(waiters, .timeout = 30);

struct node {
    struct weft__waiter waiter;
    char name;
};

static char fired[16];

static void fire(struct weft__waiter *waiter, struct weft_awaitable *done,
                 struct weft__untold *untold)
{
    (void)untold;
    struct node *node = weft__container_of(waiter, struct node, waiter);
    size_t length = strlen(fired);

    fired[length] = weft__is_done(done) ? node->name : '!';
    free(node); /* as a frame that goes away once it was fired */
}

static struct weft_awaitable *new_future(void)
{
    struct weft_awaitable *aw = weft__awaitable_new(WEFT__KIND_FUTURE, NULL, NULL, "");

    cr_assert_not_null(aw);
    memset(fired, 0, sizeof fired);
    return aw;
}

static struct node *add(struct weft_awaitable *aw, char name)
{
    struct node *node = malloc(sizeof *node);
    uintptr_t newest = weft__word_lock(aw);

    *node = (struct node){.waiter.fire = fire, .name = name};
    cr_assert_neq(newest, WEFT__WORD_DONE);
    weft__word_unlock(aw, weft__waiters_add(newest, &node->waiter));
    return node;
}

static void take_out(struct weft_awaitable *aw, struct node *node)
{
    weft__word_unlock(aw, weft__waiters_remove(weft__word_lock(aw), &node->waiter));
    free(node);
}

Test(waiters, they_are_fired_in_the_order_in_which_they_came_once_it_is_done)
{
    struct weft_awaitable *aw = new_future();
    for (char name = 'a'; name <= 'e'; name++)
        add(aw, name);

    bool first = weft__awaitable_complete(aw, 0, NULL, NULL);

    cr_expect(first);
    cr_expect_str_eq(fired, "abcde");
    weft__awaitable_unref(aw, 1);
}

struct step { /* completes another as it is fired */
    struct weft__waiter waiter;
    struct weft_awaitable *next;
};

static void go_on(struct weft__waiter *waiter, struct weft_awaitable *done,
                  struct weft__untold *untold)
{
    (void)done;
    weft__awaitable_complete(weft__container_of(waiter, struct step, waiter)->next, 0, NULL,
                             untold);
}

Test(waiters, what_is_completed_by_a_fire_is_told_after_all_that_were_before)
{
    struct weft_awaitable *first = new_future(), *second = new_future();
    struct step step = {.waiter.fire = go_on, .next = second};

    add(first, 'a');
    weft__word_unlock(first, weft__waiters_add(weft__word_lock(first), &step.waiter));
    add(first, 'b');
    add(second, 'c');
    weft__awaitable_complete(first, 0, NULL, NULL);

    cr_expect_str_eq(fired, "abc");
    cr_expect(weft__is_done(second));
    weft__awaitable_unref(first, 1);
    weft__awaitable_unref(second, 1);
}

Test(waiters, who_was_removed_is_not_fired_wherever_it_stood)
{
    static const char *const left[] = {"bc", "ac", "ab"};

    for (int gone = 0; gone < 3; gone++) {
        struct weft_awaitable *aw = new_future();
        struct node *node[3];
        for (int i = 0; i < 3; i++)
            node[i] = add(aw, (char)('a' + i));

        take_out(aw, node[gone]);
        weft__awaitable_complete(aw, 0, NULL, NULL);

        cr_expect_str_eq(fired, left[gone]);
        weft__awaitable_unref(aw, 1);
    }
}

Test(waiters, the_word_is_as_new_when_the_last_one_was_removed)
{
    struct weft_awaitable *aw = new_future();
    struct node *only = add(aw, 'a');

    take_out(aw, only);

    cr_expect_eq(weft__load_relaxed(&aw->word), 0); /* relaxed: one thread */
    add(aw, 'b');
    weft__awaitable_complete(aw, 0, NULL, NULL);
    cr_expect_str_eq(fired, "b");
    weft__awaitable_unref(aw, 1);
}

Test(waiters, an_outcome_is_for_ever_and_who_locks_late_finds_it_unlocked)
{
    struct weft_awaitable *aw = new_future();
    weft__awaitable_complete(aw, -EIO, aw, NULL);

    bool second = weft__awaitable_complete(aw, 0, NULL, NULL);

    cr_expect_not(second);
    cr_expect(aw->error == -EIO && aw->result == aw);
    cr_expect_eq(weft__word_lock(aw), WEFT__WORD_DONE);
    cr_expect_eq(weft__word_lock(aw), WEFT__WORD_DONE, "the look before left no lock");
    weft__awaitable_unref(aw, 1);
}

/* ---- several threads ----------------------------------------------------------------------------
 */

static pthread_barrier_t together;

static void *complete(void *aw)
{
    pthread_barrier_wait(&together);
    return (void *)(uintptr_t)weft__awaitable_complete(aw, -EIO, NULL, NULL);
}

Test(waiters, a_completion_waits_for_the_lock_and_fires_who_was_added_under_it)
{
    pthread_barrier_init(&together, NULL, 2);

    for (int round = 0; round < 200; round++) {
        struct weft_awaitable *aw = new_future();
        struct node *node = malloc(sizeof *node);
        pthread_t thread;
        *node = (struct node){.waiter.fire = fire, .name = 'a'};
        uintptr_t newest = weft__word_lock(aw);
        cr_assert_eq(pthread_create(&thread, NULL, complete, aw), 0);
        pthread_barrier_wait(&together);

        newest = weft__waiters_add(newest, &node->waiter);
        bool early = weft__is_done(aw);
        weft__word_unlock(aw, newest);
        pthread_join(thread, NULL);

        cr_assert_not(early);
        cr_assert_str_eq(fired, "a");
        weft__awaitable_unref(aw, 1);
    }
}

Test(waiters, of_two_completions_one_counts)
{
    pthread_barrier_init(&together, NULL, 2);

    for (int round = 0; round < 200; round++) {
        struct weft_awaitable *aw = new_future();
        pthread_t thread;
        void *theirs;
        add(aw, 'a');
        cr_assert_eq(pthread_create(&thread, NULL, complete, aw), 0);
        pthread_barrier_wait(&together);

        bool ours = weft__awaitable_complete(aw, 0, aw, NULL);
        pthread_join(thread, &theirs);

        cr_assert_eq(ours, !theirs);
        cr_assert(ours ? aw->error == 0 && aw->result == aw : aw->error == -EIO && !aw->result);
        cr_assert_str_eq(fired, "a");
        weft__awaitable_unref(aw, 1);
    }
}
