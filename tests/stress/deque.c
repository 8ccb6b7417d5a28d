/* SPDX-License-Identifier: MIT */
/*
 * deque under fire: every entry comes out of exactly one slot, exactly once.
 *
 * Four workers, each the owner of a deque of four slots (so that it grows) and a thief and claimer
 * of the others'. Worker 0 makes most of the things, the others live on theft. A thing that was
 * got is either finished or pushed again on the deque of who got it, up to a few times; claimers
 * aim at things of a small window in all stages of that life. In every other round the allocations
 * of rings fail at random, so that entries take the way through the overflow.
 *
 * What is checked: `queued` goes from 1 to 0 by exactly one getter (atomically), the plain word
 * `payload` counts the gets (torn or lost if two threads hold one thing; a report of
 * ThreadSanitizer if the hand-off does not synchronise), and at the end of a round everything was
 * finished, nothing is left, and the deques are valid.
 *
 * Link with -Wl,--wrap=calloc. Usage: deque [--seed N] [--seconds S]
 */
#include <pthread.h>

#include "stress.h"
#include "runtime/core/deque.h"

#define WORKERS 4
#define THINGS 20000
#define OTHERS_SHARE 1000 /* things made by each worker but the first */
#define WINDOW 64         /* claimers aim at one of the last so many things */
#define LIVES 3

struct thing {
    struct weft__claimable claimable;
    _Atomic(uint32_t) queued;
    uint32_t payload; /* gets so far; plain, see above */
    uint32_t lives;   /* pushes that are left */
    bool is_task;
    _Atomic(bool) exists; /* from now on claimers may aim at it */
};

struct worker {
    struct weft__deque deque;
    struct weft__deque_look look;
    uint64_t random;
    unsigned number;
    _Atomic(unsigned) next; /* thing to make; the owner writes */
    unsigned end;
    uint64_t steps;
    uint64_t finished, stolen, claimed, claimed_foreign;
};

static struct thing things[THINGS];
static struct worker workers[WORKERS];
static pthread_barrier_t line;
static _Atomic(uint32_t) making; /* workers that are not through with making */
static _Atomic(bool) over;
static bool failing_round;
static uint64_t rounds;
static _Thread_local uint64_t *allocation_random;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    if (failing_round && allocation_random && next_random(allocation_random) % 4)
        return NULL;
    return __real_calloc(count, size);
}

static void push(struct worker *w, struct thing *t)
{
    t->lives--;
    weft__store_relaxed(&t->queued, 1); /* published with the entry */
    weft__deque_push(&w->deque,
                     weft__entry_make(t, t->is_task ? WEFT__ENTRY_TASK : WEFT__ENTRY_STACK));
}

static void got(struct worker *w, struct thing *t)
{
    if (weft__exchange_relaxed(&t->queued, 0) != 1)
        stress_fail("an entry came out twice");
    t->payload++;
    if (t->lives > 0) {
        push(w, t);
        return;
    }
    w->finished++;
}

static void make(struct worker *w)
{
    struct thing *t = &things[weft__load_relaxed(&w->next)];
    t->is_task = next_random(&w->random) % 4 != 0;
    t->lives = 1 + (uint32_t)(next_random(&w->random) % LIVES);
    t->payload = 0;
    push(w, t);
    weft__store_release(&t->exists, true);
    weft__count(&w->next, 1);
    if (weft__load_relaxed(&w->next) == w->end)
        weft__fetch_sub_acq_rel(&making, 1);
}

static void take(struct worker *w)
{
    weft__entry e = weft__deque_take(&w->deque);
    if (e)
        got(w, weft__entry_object(e));
}

/* A task that may well be queued: near the oldest of our own, or of the last that worker 0 made. */
static struct thing *aim(struct worker *w)
{
    if (next_random(&w->random) % 2) {
        weft__entry e = weft__deque_peek(&w->deque, (unsigned)(next_random(&w->random) % 4));
        return weft__entry_tag(e) == WEFT__ENTRY_TASK ? weft__entry_object(e) : NULL;
    }
    unsigned made = weft__load_relaxed(&workers[0].next);
    unsigned back = 1 + (unsigned)(next_random(&w->random) % WINDOW);
    if (back > made)
        return NULL;
    struct thing *t = &things[made - back];
    return weft__load_acquire(&t->exists) && t->is_task ? t : NULL;
}

static void claim(struct worker *w)
{
    struct thing *t = aim(w);
    if (!t)
        return;
    struct weft__deque *home = &workers[weft__deque_home_of(&t->claimable)].deque;
    if (!weft__deque_claim(&w->deque, home, &t->claimable))
        return;
    w->claimed++;
    w->claimed_foreign += home != &w->deque;
    got(w, t);
}

static void steal(struct worker *w)
{
    unsigned victim =
        (w->number + 1 + (unsigned)(next_random(&w->random) % (WORKERS - 1))) % WORKERS;
    if (next_random(&w->random) % 4)
        victim = w->number == 0 ? victim : 0;
    weft__entry e = weft__deque_steal(&workers[victim].deque, &w->look, w->steps, 4);
    if (!e)
        return;
    w->stolen++;
    got(w, weft__entry_object(e));
}

static void step(struct worker *w)
{
    uint64_t what = next_random(&w->random) % 16;
    w->steps++;
    if (what < 6 && weft__load_relaxed(&w->next) < w->end)
        make(w);
    else if (what < 10)
        take(w);
    else if (what < 13)
        claim(w);
    else if (w->number != 0 || what == 15)
        steal(w);
}

/* Only the owner pushes, so once its take finds nothing its deque stays empty. */
static void work(struct worker *w)
{
    while (weft__load_acquire(&making) > 0)
        step(w);
    while (weft__deque_length(&w->deque) > 0)
        step(w);
    for (weft__entry e; (e = weft__deque_take(&w->deque));)
        got(w, weft__entry_object(e));
}

static void open_round(void)
{
    failing_round = rounds % 2 == 1;
    weft__store_relaxed(&making, WORKERS);
    for (unsigned i = 0; i < THINGS; i++)
        weft__store_relaxed(&things[i].exists, false);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *w = &workers[i];
        if (weft__deque_init(&w->deque, i, WEFT__DEQUE_MIN_CAPACITY, false, rounds % 4 > 1))
            stress_fail("no memory");
        w->look = (struct weft__deque_look){0};
        w->finished = 0;
        unsigned first = i == 0 ? 0 : THINGS - i * OTHERS_SHARE;
        w->end = i == 0 ? THINGS - (WORKERS - 1) * OTHERS_SHARE : first + OTHERS_SHARE;
        weft__store_relaxed(&w->next, first);
    }
}

static void close_round(void)
{
    uint64_t finished = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *w = &workers[i];
        finished += w->finished;
        if (weft__deque_take(&w->deque))
            stress_fail("an entry was left behind");
        weft__deque_check(&w->deque);
        weft__deque_destroy(&w->deque);
    }
    if (finished != THINGS)
        stress_fail("an entry was lost");
    rounds++;
}

static void *run(void *argument)
{
    struct worker *w = argument;
    for (;;) {
        pthread_barrier_wait(&line);
        if (w->number == 0) {
            if (stress_now() >= stress_end)
                over = true;
            else
                open_round();
        }
        pthread_barrier_wait(&line);
        if (over)
            return NULL;
        allocation_random = &w->random;
        work(w);
        allocation_random = NULL;
        pthread_barrier_wait(&line);
        if (w->number == 0)
            close_round();
    }
}

int main(int argc, char **argv)
{
    pthread_t threads[WORKERS];
    stress_begin(argc, argv);
    pthread_barrier_init(&line, NULL, WORKERS);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].number = i;
        workers[i].random = (stress_seed + i) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        if (pthread_create(&threads[i], NULL, run, &workers[i]))
            stress_fail("no thread");
    }
    uint64_t stolen = 0, claimed = 0, foreign = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        stolen += workers[i].stolen;
        claimed += workers[i].claimed;
        foreign += workers[i].claimed_foreign;
    }
    pthread_barrier_destroy(&line);
    printf("deque: ok, %" PRIu64 " rounds of %d things, %" PRIu64 " stolen, %" PRIu64
           " claimed, %" PRIu64 " of them elsewhere\n",
           rounds, THINGS, stolen, claimed, foreign);
    return 0;
}
