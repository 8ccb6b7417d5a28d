/* SPDX-License-Identifier: MIT */
#include "runtime/core/waiters.h"

#include <stdlib.h>

#include "runtime/base/sim.h"
#include "runtime/base/spin.h"
#include "runtime/core/error.h"

uintptr_t weft__word_lock_slow(struct weft_awaitable *aw)
{
    /* acquire: DONE may be found, and the outcome is read then. */
    uintptr_t word = weft__load_acquire(&aw->word);

    for (;;) {
        if (word & WEFT__WORD_DONE)
            return WEFT__WORD_DONE;
        if (word & WEFT__WORD_LOCKED) {
            weft__pause();
            word = weft__load_acquire(&aw->word);
            continue;
        }
        /* acq_rel: see weft__word_lock. */
        if (weft__cas_acq_rel(&aw->word, &word, word | WEFT__WORD_LOCKED))
            return word;
    }
}

static void put_untold(struct weft__untold *untold, struct weft_awaitable *future,
                       struct weft__waiter *oldest)
{
    weft__awaitable_ref(future);
    future->oldest = oldest;
    future->next = 0;
    if (untold->first)
        untold->last->next = (weft__entry)future;
    else
        untold->first = future;
    untold->last = future;
}

static void tell(struct weft_awaitable *aw, struct weft__waiter *waiter,
                 struct weft__untold *untold)
{
    while (waiter) {
        struct weft__waiter *newer = waiter->newer;
        waiter->fire(waiter, aw, untold);
        weft__sim_point("fired");
        waiter = newer;
    }
}

/* All were told. */
static void let_go(struct weft_awaitable *aw)
{
    /* relaxed: our own store, if it is FIRING. release: pairs with the acquire of
     * weft__word_settle. */
    if (weft__load_relaxed(&aw->word) == WEFT__WORD_FIRING)
        weft__store_release(&aw->word, WEFT__WORD_DONE);
    weft__awaitable_unref(aw, 1);
}

/* Those in the list, and those that come into it meanwhile. Not inlined: most have none. */
static WEFT__NOINLINE void tell_untold(struct weft__untold *untold)
{
    struct weft_awaitable *aw;

    while ((aw = untold->first)) {
        untold->first = (struct weft_awaitable *)aw->next;
        tell(aw, aw->oldest, untold);
        let_go(aw);
    }
}

/* release, in each case: pairs with the acquire of weft__is_done and of lock; publishes the
 * outcome.
 */
void weft__word_complete(struct weft_awaitable *aw, uintptr_t newest, struct weft__untold *untold)
{
    struct weft__waiter *oldest = (struct weft__waiter *)newest;
    struct weft__untold own = {NULL, NULL};
    uintptr_t done = WEFT__WORD_DONE;

    if (!oldest) {
        weft__store_release(&aw->word, done);
        return;
    }
    while (oldest->older)
        oldest = oldest->older;
    /* relaxed: set before the callback was linked, under the lock that we hold. */
    if (weft__unlikely(weft__load_relaxed(&aw->retrieved) == WEFT__HAS_CALLBACKS))
        done = WEFT__WORD_FIRING;
    if (weft__unlikely(untold != NULL)) {
        put_untold(untold, aw, oldest);
        weft__store_release(&aw->word, done);
        return;
    }
    if (weft__unlikely(done == WEFT__WORD_FIRING))
        weft__awaitable_ref(aw); /* the last one that is told may drop the last reference */
    weft__store_release(&aw->word, done);
    tell(aw, oldest, &own);
    if (weft__unlikely(done == WEFT__WORD_FIRING))
        let_go(aw);
    if (weft__unlikely(own.first != NULL))
        tell_untold(&own);
}

void weft__word_settle(struct weft_awaitable *aw)
{
    unsigned rounds = 0;

    /* acquire: pairs with the release at the end of the firing. */
    while (weft__load_acquire(&aw->word) == WEFT__WORD_FIRING)
        weft__spin_pause(&rounds);
}

/* How many there are; of these the oldest [capacity] go to [out], with references. */
static size_t list_awaiters(struct weft_awaitable *aw, struct weft_awaitable **out, size_t capacity)
{
    uintptr_t newest = weft__word_lock(aw);
    struct weft__waiter *waiter = (struct weft__waiter *)newest;
    size_t count = 0;

    if (newest == WEFT__WORD_DONE)
        return 0;
    while (waiter && waiter->older)
        waiter = waiter->older;
    for (; waiter; waiter = waiter->newer) {
        if (!waiter->awaiter)
            continue;
        if (count < capacity) {
            weft__awaitable_ref(waiter->awaiter);
            out[count] = waiter->awaiter;
        }
        count++;
    }
    weft__word_unlock(aw, newest);
    return count;
}

long weft__awaiters(struct weft_awaitable *aw, struct weft_awaitable ***awaiters)
{
    size_t capacity = list_awaiters(aw, NULL, 0), count;

    if (capacity == 0)
        return 0;
    *awaiters = malloc(capacity * sizeof **awaiters);
    if (!*awaiters)
        return -ENOMEM;
    count = list_awaiters(aw, *awaiters, capacity); /* who came in between is left out */
    if (count == 0)
        free(*awaiters);
    return (long)(count < capacity ? count : capacity);
}

bool weft__awaitable_complete(struct weft_awaitable *aw, int error, void *result,
                              struct weft__untold *untold)
{
    uintptr_t newest = weft__word_lock(aw);

    if (newest == WEFT__WORD_DONE)
        return false;
    aw->error = error;
    aw->result = result;
    weft__word_complete(aw, newest, untold);
    return true;
}

bool weft__awaitable_follow(struct weft_awaitable *aw, const struct weft_awaitable *done,
                            struct weft__untold *untold)
{
    uintptr_t newest = weft__word_lock(aw);

    if (newest == WEFT__WORD_DONE)
        return false;
    weft__error_set(aw, weft__error_ref(weft__error_of(done)));
    aw->error = done->error;
    aw->result = done->result;
    weft__word_complete(aw, newest, untold);
    return true;
}
