/* SPDX-License-Identifier: MIT */
/*
 * staggered: coroutines that start one after the other, until one succeeds.
 *
 * The caller does it all: it starts one, and waits until any of those that run is done or the delay
 * has passed. A success ends the race; if it was the last one that failed, or time has passed, the
 * next one starts.
 */
#include "weft/wait.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/async/children.h"
#include "runtime/base/clock.h"
#include "runtime/core/error.h"
#include "runtime/sched/await.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

struct race {
    weft_coro_t *const *coros; /* tasks, up to `started` */
    size_t count, started;
    size_t lost;                /* 1: the next one could not be started, and is gone */
    size_t winner;              /* or count */
    weft_awaitable_t **running; /* of the started ones, those that are not done */
    size_t left;                /* of these */
    int64_t next_start;
};

static weft_ns_t now(void)
{
    return weft__self()->loop->system->now();
}

/* The first of those that succeeded, in the order of the array. */
static size_t find_winner(const struct race *race)
{
    size_t i = 0;

    while (i < race->started && !(weft__is_done(race->coros[i]) && race->coros[i]->error == 0))
        i++;
    return i < race->started ? i : race->count;
}

/* One coroutine more. */
static int start_next(struct race *race, weft_ns_t delay)
{
    int rc = weft__children_start(weft__self()->loop, &race->coros[race->started], 1, false);

    if (rc < 0) {
        race->lost = 1;
        return rc;
    }
    race->running[race->left++] = race->coros[race->started++];
    race->next_start = delay == WEFT_NONE ? WEFT_NONE : weft__deadline_after(now(), delay);
    return 0;
}

/* How long to wait before the next one is started. */
static weft_ns_t patience(const struct race *race)
{
    if (race->started == race->count || race->next_start == WEFT_NONE)
        return WEFT_NONE;
    return race->next_start > now() ? race->next_start - now() : 0;
}

/* Whether the next one is to start: the one before has failed, or had its time. */
static bool is_due(const struct race *race)
{
    const struct weft_awaitable *last = race->coros[race->started - 1];

    if (race->started == race->count)
        return false;
    return (weft__is_done(last) && last->error < 0) ||
           (race->next_start != WEFT_NONE && race->next_start <= now());
}

static int run_race(struct race *race, weft_ns_t delay)
{
    size_t done;
    int rc = start_next(race, delay);

    while (rc == 0 && race->left > 0) {
        rc = weft_wait(race->running, race->left, patience(race), WEFT_FIRST_COMPLETED, &done);
        if (rc < 0)
            return rc;
        memmove(race->running, race->running + done, (race->left - done) * sizeof *race->running);
        race->left -= done;
        race->winner = find_winner(race);
        if (race->winner < race->count)
            return 0;
        while (rc == 0 && is_due(race))
            rc = start_next(race, delay);
    }
    return rc;
}

/* All have failed: the list, lost when out of memory. */
static int tell_errors(const struct race *race)
{
    struct weft_error *error = weft__error_new(WEFT_EGROUP, NULL, race->count);

    for (size_t i = 0; error && i < race->count; i++) {
        error->entry[i].code = race->coros[i]->error;
        error->entry[i].error = weft__error_ref(weft__error_of(race->coros[i]));
    }
    weft__error_set(weft_current_task(), error);
    return WEFT_EGROUP;
}

static int finish(struct race *race, int rc, size_t *winner, void **result)
{
    bool cancelled;

    for (size_t i = 0; i < race->left; i++)
        weft_cancel(race->running[i]);
    cancelled = weft__children_reap(race->coros, race->started);
    for (size_t i = 0; i < race->started; i++)
        /* relaxed: see core/task.h; their errors are ours to tell. */
        weft__store_relaxed(&race->coros[i]->retrieved, 1);
    if (rc < 0 || cancelled)
        return cancelled ? -ECANCELED : rc;
    if (race->winner == race->count)
        return tell_errors(race);
    if (winner)
        *winner = race->winner;
    return weft__await_outcome(race->coros[race->winner], result);
}

static int check(weft_coro_t *const *coros, size_t count)
{
    if (!weft_current_task())
        return weft__no_task("staggered_race");
    if (!coros || count == 0)
        return -EINVAL;
    for (size_t i = 0; i < count; i++) {
        enum weft__kind kind = coros[i] ? weft__kind(coros[i]) : WEFT__KIND_FREE;
        if (kind == WEFT__KIND_FAILED)
            return coros[i]->error;
        if (kind != WEFT__KIND_CORO)
            return kind == WEFT__KIND_SPENT ? -EALREADY : -EPROTOTYPE;
    }
    return 0;
}

int weft_staggered_race(weft_coro_t *const *coros, size_t count, weft_ns_t delay, size_t *winner,
                        void **result)
{
    struct race race = {.coros = coros, .count = count, .winner = count};
    int rc = check(coros, count);

    if (rc == 0) {
        race.running = calloc(count, sizeof *race.running);
        rc = race.running ? run_race(&race, delay) : -ENOMEM;
        rc = finish(&race, rc, winner, result);
    }
    weft__children_drop(coros, race.started);
    count -= race.started + race.lost;
    weft__children_drop(coros + race.started + race.lost, count);
    free(race.running);
    return rc;
}
