/* SPDX-License-Identifier: MIT */
/*
 * mpsc under fire: what was pushed comes out exactly once and in order, and a strand has one
 * holder.
 *
 * Rounds alternate between the two uses of the queue:
 *   inbox   three producers push; a consumer takes with EMPTY, checks that each producer's things
 *           come in the order of their pushes, and at a random moment closes the queue. Every thing
 *           that was not refused is out by then, and nothing is accepted afterwards.
 *   strand  all four push; whoever is told WAS_EMPTY becomes the holder and runs steps until its
 *           release succeeds. Two holders at once would meet in `held`, and in the plain word
 *           `steps_run`; whatever stays behind is missing from it at the end.
 * In half of the strand rounds somebody closes the queue in the middle, for good.
 *
 * Usage: mpsc [--seed N] [--seconds S]
 */
#include <pthread.h>
#include <sched.h>

#include "stress.h"
#include "runtime/base/atomic.h"
#include "runtime/core/mpsc.h"

#define THREADS 4
#define EACH 3000 /* things of one thread in one round */

struct thing {
    struct weft__link link;
    uint32_t producer;
    uint32_t number;
    uint32_t out; /* times it came out; plain: the queue orders it */
    bool refused;
};

struct thread {
    uint64_t random;
    unsigned number;
    uint64_t refused;
};

static struct thing things[THREADS][EACH];
static struct thread threads[THREADS];
static struct weft__mpsc queue;
static pthread_barrier_t line;
static bool over;
static bool strand_round;
static bool closing_round;
static _Atomic(uint32_t) producing;
static _Atomic(uint32_t) held;
static uint64_t steps_run; /* by the holder only */
static uint32_t expected[THREADS];
static uint64_t rounds;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}

/* Each producer's things come in the order of their pushes; returns how many came. */
static unsigned come_out(weft__entry e)
{
    unsigned count = 0;
    while (e) {
        struct thing *t = weft__entry_object(e);
        e = t->link.next;
        if (t->out++ != 0)
            stress_fail("an entry came out twice");
        if (t->number < expected[t->producer])
            stress_fail("entries of one producer came out of order");
        expected[t->producer] = t->number + 1;
        count++;
    }
    return count;
}

static void hold_strand(void)
{
    do {
        if (weft__fetch_add_relaxed(&held, 1) != 0)
            stress_fail("two holders at once");
        weft__entry list = weft__mpsc_take(&queue, WEFT__MPSC_BUSY);
        steps_run += come_out(list);
        weft__store_relaxed(&held, 0);
        if (!list && weft__mpsc_is_closed(&queue))
            return;
    } while (!weft__mpsc_release(&queue));
}

static void produce(struct thread *me)
{
    for (unsigned i = 0; i < EACH; i++) {
        struct thing *t = &things[me->number][i];
        enum weft__mpsc_pushed pushed =
            weft__mpsc_push(&queue, weft__entry_make(t, WEFT__ENTRY_STACK));
        if (pushed == WEFT__MPSC_REFUSED) {
            t->refused = true;
            me->refused++;
        } else if (pushed == WEFT__MPSC_WAS_EMPTY && strand_round) {
            hold_strand();
        }
        if (next_random(&me->random) % 256 == 0)
            sched_yield();
    }
    weft__fetch_sub_acq_rel(&producing, 1);
}

/* Things that were queued when the strand was closed, for the count at the end. */
static uint64_t closed_out;

static void close_some_time(struct thread *me)
{
    for (uint64_t wait = next_random(&me->random) % 200; wait > 0; wait--)
        sched_yield();
    for (weft__entry e = weft__mpsc_close(&queue); e; closed_out++) {
        struct thing *t = weft__entry_object(e);
        e = t->link.next;
        if (t->out++ != 0)
            stress_fail("an entry came out twice");
    }
}

static void consume(struct thread *me)
{
    uint64_t closing = closing_round ? next_random(&me->random) % 100 : UINT64_MAX;
    for (uint64_t looks = 0; looks < closing && weft__load_acquire(&producing) > 0; looks++)
        steps_run += come_out(weft__mpsc_take(&queue, WEFT__MPSC_EMPTY));
    steps_run += come_out(weft__mpsc_close(&queue));
}

static void work(struct thread *me)
{
    bool last = me->number == THREADS - 1;
    if (last && !strand_round)
        consume(me);
    else if (last && closing_round)
        close_some_time(me);
    else
        produce(me);
}

static void open_round(void)
{
    strand_round = rounds % 2 == 1;
    closing_round = rounds % 4 < 2;
    weft__mpsc_init(&queue);
    memset(expected, 0, sizeof(expected));
    steps_run = 0;
    closed_out = 0;
    weft__store_relaxed(&held, 0);
    weft__store_relaxed(&producing, strand_round && !closing_round ? THREADS : THREADS - 1);
    for (unsigned p = 0; p < THREADS; p++) {
        threads[p].refused = 0;
        for (unsigned i = 0; i < EACH; i++)
            things[p][i] = (struct thing){.producer = p, .number = i};
    }
}

static void close_round(void)
{
    unsigned producers = strand_round && !closing_round ? THREADS : THREADS - 1;
    uint64_t refused = 0;
    for (unsigned p = 0; p < producers; p++) {
        refused += threads[p].refused;
        for (unsigned i = 0; i < EACH; i++)
            if (things[p][i].out + things[p][i].refused != 1)
                stress_fail("an entry was lost, or came out although it was refused");
    }
    if (steps_run + closed_out + refused != (uint64_t)producers * EACH)
        stress_fail("steps were lost between two holders");
    if (!weft__mpsc_is_empty(&queue))
        stress_fail("something stayed behind");
    if (weft__mpsc_is_closed(&queue) != (closing_round || !strand_round))
        stress_fail("a closed queue was opened again");
    rounds++;
}

static void *run(void *argument)
{
    struct thread *me = argument;
    for (;;) {
        pthread_barrier_wait(&line);
        if (me->number == 0) {
            over = stress_now() >= stress_end;
            open_round();
        }
        pthread_barrier_wait(&line);
        if (over)
            return NULL;
        work(me);
        pthread_barrier_wait(&line);
        if (me->number == 0)
            close_round();
    }
}

int main(int argc, char **argv)
{
    pthread_t ids[THREADS];
    stress_begin(argc, argv);
    pthread_barrier_init(&line, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i].number = i;
        threads[i].random = (stress_seed + i) * UINT64_C(0x9E3779B97F4A7C15) | 1;
        if (pthread_create(&ids[i], NULL, run, &threads[i]))
            stress_fail("no thread");
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    pthread_barrier_destroy(&line);
    printf("mpsc: ok, %" PRIu64 " rounds, up to %d entries each\n", rounds, THREADS * EACH);
    return 0;
}
