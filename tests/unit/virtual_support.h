/* SPDX-License-Identifier: MIT */
/*
 * virtual_support: what the tests of the virtual driver share: a simulation, and a thread that
 * waits for operations as a worker would.
 *
 * Assertions stand in the test functions, which run in context 0: an assertion that fails leaves
 * its function by a jump, which must not happen on the stack of another context.
 */
#ifndef WEFT_TESTS_UNIT_VIRTUAL_SUPPORT_H
#define WEFT_TESTS_UNIT_VIRTUAL_SUPPORT_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "io/driver/virtual.h"
#include "runtime/base/clock.h"

#define SEEDS 200
#define MS ((int64_t)1000000)

static const struct weft__system *const sys = &weft__system_virtual;
static const struct weft__driver_class *const class = &weft__driver_virtual;
static struct weft__virtual *sim;
static uint64_t total[WEFT__VIRTUAL_FAULTS];

static inline void begin(const struct weft__virtual_config *config)
{
    sim = weft__virtual_new(config);
    cr_assert_not_null(sim);
}

/* Returns the hash. */
static inline uint64_t finish(void)
{
    uint64_t hash = weft__virtual_hash(sim);

    for (int i = 0; i < WEFT__VIRTUAL_FAULTS; i++)
        total[i] += weft__virtual_faults(sim, (enum weft__virtual_fault)i);
    weft__virtual_free(sim);
    return hash;
}

static inline void start(weft__thread *thread, void (*fn)(void *), void *arg)
{
    cr_assert_eq(weft__virtual_thread(thread, fn, arg), 0);
}

/* ---- a thread that waits for operations, as a worker would ---- */

struct request {
    struct weft__operation op;
    int result;
    unsigned calls;
    bool done;
};

static inline void completed(struct weft__operation *op, int result, bool more)
{
    struct request *r = weft__container_of(op, struct request, op);

    r->result = result;
    r->calls++;
    r->done = !more;
    /* release: pairs with the acquire of a canceller. */
    weft__store_release(&op->done, !more);
}

static inline void submit(struct weft__driver *d, struct request *r)
{
    r->op.complete = completed;
    r->done = false;
    weft__store_relaxed(&r->op.done, false); /* relaxed: not shared yet */
    class->submit(d, &r->op);
}

static inline void reap(struct weft__driver *d, bool sleep, unsigned limit)
{
    weft__spin_lock(&d->completion_lock);
    if (sleep)
        class->park(d, WEFT__NEVER);
    class->reap(d, limit);
    weft__spin_unlock(&d->completion_lock);
}

static inline bool is_passing(int result)
{
    return result == -EINTR || result == -ECANCELED || result == -ENOBUFS;
}

/* Submits again what failed for no reason. */
static inline int await(struct weft__driver *d, struct request *r)
{
    do {
        submit(d, r);
        while (!r->done)
            reap(d, true, 16);
    } while (is_passing(r->result));
    return r->result;
}

static inline int call(struct weft__driver *d, enum weft__opcode code, int fd, void *buffer,
                       size_t length, unsigned flags)
{
    struct request r = {
        .op = {.code = code, .fd = fd, .buffer = buffer, .length = length, .flags = flags}};

    return await(d, &r);
}

static inline struct weft__driver *open_driver(void)
{
    struct weft__driver *d = NULL;

    if (class->open(&d, 0, 1) < 0 || class->attach(d) < 0)
        abort();
    return d;
}

static inline void close_driver(struct weft__driver *d)
{
    class->detach(d);
    class->close(d);
}

#endif
