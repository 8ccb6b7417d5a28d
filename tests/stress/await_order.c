/* SPDX-License-Identifier: MIT */
/*
 * Children awaited in every order: each awaiter gets the outcome of the child that it asked for,
 * once it is there.
 *
 * A family is a round of children with values of their own, some of which wait: for an instant, for
 * a future that the parent completes, for an elder brother. Some are cancelled before they could
 * begin, some are detached. The parent awaits the others in the order of creation, in reverse, or
 * shuffled; some twice, some together with other tasks that borrow them. So an await finds its
 * child not begun (and may run it on its own stack), running, suspended, or done. Between families:
 * recursion so deep that it leaves the room of a stack many times. In an ordered loop children
 * begin in the order of their creation, whatever the order of awaits.
 *
 * Usage: await_order [--seed N] [--seconds S] [--workers N]
 */
#include "watchdog.h"
#include "runtime/base/base.h"
#include "weft.h"

#ifdef WEFT__TSAN
enum {
    PARENTS = 3,
    CHILDREN = 12,
    DEEPEST = 60
}; /* a task is a fiber to the sanitizer: few at once */
#else
enum { PARENTS = 8, CHILDREN = 24, DEEPEST = 600 };
#endif
enum { AWAITERS = 3 };
enum { IN_ORDER, IN_REVERSE, SHUFFLED };
enum { AT_ONCE, YIELDS, SLEEPS, WAITS_FOR_FUTURE, WAITS_FOR_ELDER, FAILS, KINDS };

struct family;

struct child {
    struct family *family;
    unsigned index, kind;
    bool cancelled, detached;
    weft_task_t *task, *elder; /* elder: a reference */
    _Atomic(uint32_t) begun, ended;
};

struct family {
    unsigned slot, count;
    struct child child[CHILDREN];
    weft_future_t *future;
    _Atomic(uint32_t) order; /* how many have begun */
    _Atomic(uint32_t) left;  /* detached ones that have not ended */
};

static struct family families[PARENTS];
static bool ordered;
static _Atomic(uint64_t) children, awaits, cancels, recursions, inlined;

/* ---- children ---- */

static int expected_error(const struct child *c)
{
    return c->kind == FAILS ? -1000 - (int)c->index : 0;
}

static int live(struct child *c)
{
    switch (c->kind) {
    case YIELDS:
        return weft_sleep(0);
    case SLEEPS:
        return weft_sleep(WEFT_US(stress_random(40)));
    case WAITS_FOR_FUTURE:
        return weft_await(c->family->future, NULL);
    case WAITS_FOR_ELDER:
        STRESS_CHECK(weft_await(c->elder, NULL) <= 0 && weft_done(c->elder));
        return 0;
    default:
        return expected_error(c);
    }
}

/* In an ordered loop only those that were cancelled before they began are missing in the row. */
static void check_place(struct child *c)
{
    unsigned place = atomic_fetch_add(&c->family->order, 1);

    if (!ordered)
        return;
    for (unsigned i = 0; i < c->index; i++)
        place += c->family->child[i].cancelled;
    STRESS_CHECK(place == c->index);
}

WEFT_CORO(child)
{
    struct child *c = arg;
    bool detached = c->detached;
    int rc;

    STRESS_CHECK(atomic_fetch_add(&c->begun, 1) == 0);
    check_place(c);
    rc = live(c);
    *result = c;
    atomic_store(&c->ended, 1);
    if (detached) /* from here on our parent may use *c anew */
        atomic_fetch_sub(&c->family->left, 1);
    return detached ? 0 : rc;
}

static void check_outcome(struct child *c, int rc, const void *value)
{
    bool begun = atomic_load(&c->begun);

    STRESS_CHECK(weft_done(c->task));
    atomic_fetch_add(&awaits, 1);
    if (c->cancelled &&
        (!begun || rc == -ECANCELED)) { /* with others it may have begun, and even ended */
        STRESS_CHECK(rc == -ECANCELED && value == NULL);
        return;
    }
    STRESS_CHECK(begun && atomic_load(&c->ended));
    STRESS_CHECK(rc == expected_error(c));
    STRESS_CHECK(value == (rc ? NULL : c));
}

WEFT_CORO(awaiter)
{
    struct child *c = arg;
    void *value = NULL;
    int rc = weft_await(c->task, &value);

    check_outcome(c, rc, value);
    return 0;
}

/* ---- families ---- */

static void choose(struct family *f, unsigned i)
{
    struct child *c = &f->child[i];

    *c = (struct child){.family = f, .index = i, .kind = (unsigned)stress_random(KINDS)};
    c->detached = stress_random(8) == 0;
    if (c->kind == WAITS_FOR_ELDER) {
        const struct child *elder = i > 0 ? &f->child[stress_random(i)] : NULL;
        c->elder = elder ? weft_ref(elder->task) : NULL;
        if (!c->elder)
            c->kind = AT_ONCE;
    }
    if (c->detached)
        atomic_fetch_add(&f->left, 1);
    else
        c->cancelled = stress_random(6) == 0;
    /* If it began in spite of that, it would pass the cancellation on to what others wait for. */
    if (stress_workers > 1 && (c->kind == WAITS_FOR_ELDER || c->kind == WAITS_FOR_FUTURE))
        c->cancelled = false;
}

static void create(struct family *f)
{
    for (unsigned i = 0; i < f->count; i++) {
        struct child *c = &f->child[i];
        choose(f, i);
        c->task = weft_create_task(weft_coro(&child, c), .detached = c->detached);
        STRESS_CHECK(c->detached == (c->task == NULL));
        if (!c->cancelled)
            continue;
        bool asked = weft_cancel(c->task);
        atomic_fetch_add(&cancels, 1);
        STRESS_CHECK(asked || stress_workers > 1); /* alone we are: it cannot have run */
    }
    atomic_fetch_add(&children, f->count);
}

static void await_one(struct child *c)
{
    weft_task_t *others[AWAITERS];
    unsigned count = stress_random(4) ? 0 : 1 + (unsigned)stress_random(AWAITERS);
    void *value = NULL;
    int rc;

    for (unsigned i = 0; i < count; i++)
        others[i] = weft_create_task(weft_coro(&awaiter, c));
    rc = weft_await(c->task, &value);
    check_outcome(c, rc, value);
    if (stress_random(3) == 0) {
        void *again = NULL;
        STRESS_CHECK(weft_await(c->task, &again) == rc && again == value);
    }
    for (unsigned i = 0; i < count; i++)
        STRESS_CHECK(weft_join(others[i], NULL) == 0);
    if (c->cancelled && stress_workers == 1)
        STRESS_CHECK(rc == -ECANCELED && !atomic_load(&c->begun));
}

/* The last await of a child whose reference nobody shares any more: it may go away within the call.
 */
static void join_one(struct child *c)
{
    struct child copy = {.kind = c->kind, .index = c->index, .cancelled = c->cancelled};
    void *value = NULL;
    int rc = weft_join(c->task, &value);

    atomic_fetch_add(&awaits, 1);
    c->task = NULL;
    STRESS_CHECK(rc == expected_error(&copy) || (copy.cancelled && rc == -ECANCELED));
    STRESS_CHECK(value == (rc ? NULL : c));
    STRESS_CHECK(atomic_load(&c->ended) || copy.cancelled);
}

static void arrange(unsigned *row, unsigned n)
{
    uint64_t way = stress_random(3);

    for (unsigned i = 0; i < n; i++)
        row[i] = way == IN_REVERSE ? n - 1 - i : i;
    for (unsigned i = n; way == SHUFFLED && i > 1; i--) {
        unsigned j = (unsigned)stress_random(i), swap = row[j];
        row[j] = row[i - 1];
        row[i - 1] = swap;
    }
}

static void await_all(struct family *f)
{
    unsigned row[CHILDREN];

    arrange(row, f->count);
    for (unsigned i = 0; i < f->count; i++) {
        struct child *c = &f->child[row[i]];
        if (c->detached)
            continue;
        if (stress_random(2))
            await_one(c);
        else
            join_one(c);
    }
    while (atomic_load(&f->left) > 0)
        STRESS_CHECK(weft_sleep(0) == 0);
}

WEFT_CORO(complete_it)
{
    return weft_set_result(arg, NULL);
}

static void run_family(struct family *f)
{
    weft_task_t *completer = NULL;

    watchdog_begin(f->slot);
    f->count = 1 + (unsigned)stress_random(CHILDREN);
    f->future = weft_create_future(NULL);
    atomic_store(&f->order, 0);
    create(f);
    if (stress_random(2))
        completer = weft_create_task(weft_coro(&complete_it, f->future));
    else
        STRESS_CHECK(weft_set_result(f->future, NULL) == 0);
    await_all(f);
    STRESS_CHECK(!completer || weft_join(completer, NULL) == 0);
    for (unsigned i = 0; i < f->count; i++) {
        weft_unref(f->child[i].elder);
        weft_unref(f->child[i].task);
    }
    weft_unref(f->future);
    watchdog_end(f->slot);
}

/* ---- recursion ---- */

WEFT_CORO(down)
{
    uintptr_t depth = (uintptr_t)arg, sum = depth;
    volatile char frame[512]; /* so that the room of a stack is soon used up */
    void *below = NULL;

    memset((char *)frame, (int)depth, sizeof frame);
    if (depth > 0) {
        weft_task_t *task = weft_create_task(weft_coro(&down, (void *)(depth - 1)));
        if (stress_random(16) == 0)
            STRESS_CHECK(weft_sleep(0) == 0);
        if (stress_random(16) == 0) {
            STRESS_CHECK(weft_await(task, &below) == 0);
            weft_unref(task);
        } else {
            STRESS_CHECK(weft_join(task, &below) == 0);
        }
        sum += (uintptr_t)below;
    }
    for (unsigned i = 0; i < sizeof frame; i++)
        STRESS_CHECK(frame[i] == (char)depth);
    *result = (void *)sum;
    return 0;
}

static void recurse(unsigned slot)
{
    uintptr_t depth = 1 + stress_random(DEEPEST);
    void *sum = NULL;

    watchdog_begin(slot);
    STRESS_CHECK(weft_join(weft_create_task(weft_coro(&down, (void *)depth)), &sum) == 0);
    STRESS_CHECK((uintptr_t)sum == depth * (depth + 1) / 2);
    watchdog_end(slot);
    atomic_fetch_add(&recursions, 1);
}

/* ---- the run ---- */

WEFT_CORO(parent)
{
    struct family *f = arg;

    while (stress_now() < stress_end) {
        if (stress_random(16) == 0)
            recurse(f->slot);
        else
            run_family(f);
    }
    return 0;
}

/* In an ordered loop one parent only: others' steps between its own would be in the row as well. */
WEFT_CORO(root)
{
    weft_task_t *tasks[PARENTS];
    unsigned n = ordered ? 1 : PARENTS;
    weft_stats_t stats = {.size = sizeof stats};

    for (unsigned i = 0; i < n; i++) {
        families[i].slot = i;
        tasks[i] = weft_create_task(weft_coro(&parent, &families[i]));
    }
    for (unsigned i = 0; i < n; i++)
        STRESS_CHECK(weft_join(tasks[i], NULL) == 0);
    STRESS_CHECK(weft_loop_stats(NULL, &stats) == 0);
    STRESS_CHECK(stats.inlined > 0 && stats.inlined < stats.spawned);
    atomic_fetch_add(&inlined, stats.inlined);
    return 0;
}

static void run_with(unsigned workers, bool in_order, int64_t ns)
{
    stress_workers = workers;
    ordered = in_order;
    stress_end = stress_now() + ns;
    STRESS_CHECK(weft_run(weft_coro(&root, NULL), NULL, .workers = workers,
                          .order = in_order ? WEFT_ORDER_ASYNCIO : WEFT_ORDER_FREE) == 0);
}

int main(int argc, char **argv)
{
    unsigned asked;
    int64_t ns;

    stress_begin(argc, argv);
    asked = stress_workers;
    ns = (int64_t)(stress_seconds * 1e9);
    watchdog_start();
    if (asked > 1) {
        run_with(asked, false, ns);
    } else {
        run_with(1, true, asked ? ns / 2 : ns / 4);
        run_with(1, false, asked ? ns / 2 : ns / 4);
        for (unsigned workers = 2; !asked && workers <= 4; workers += 2)
            run_with(workers, false, ns / 4);
    }
    watchdog_stop();
    printf("await_order: ok, %" PRIu64 " children, %" PRIu64 " awaits, %" PRIu64
           " cancelled early, %" PRIu64 " recursions, %" PRIu64 " ran inlined\n",
           atomic_load(&children), atomic_load(&awaits), atomic_load(&cancels),
           atomic_load(&recursions), atomic_load(&inlined));
    return 0;
}
