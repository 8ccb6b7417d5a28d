/* SPDX-License-Identifier: MIT */
/*
 * deque and parking: of a push and a worker about to park, one sees the other.
 *
 * The producer pushes and then reads whether the other is parked; the parker announces itself and
 * then asks has_work. If both find nothing, a wake-up is lost. One thread each; they walk through
 * an array of deques side by side and meet at each. Most rounds order the producer by an ordered
 * push, some by a plain push and a membarrier on the parker's side (none where the kernel refuses
 * it). How often both saw each other, which takes true parallelism, is printed: 0 would mean that
 * nothing was tested.
 *
 * Usage: deque_park [--seed N] [--seconds S]    (the seed varies the delays of either side)
 */
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stress.h"
#include "runtime/core/deque.h"

#define PLACES 512

struct place {
    struct weft__deque deque;
    WEFT__ALIGNED_APART _Atomic(bool) parked;
    bool producer_saw;
    WEFT__ALIGNED_APART bool parker_saw;
};

static struct place places[PLACES];
static struct weft__claimable thing;
static pthread_barrier_t line;
static bool ordered;
static bool over;
static bool has_membarrier;
static uint64_t salt;           /* of this round's delays */
static _Atomic(uint64_t) at[2]; /* the place that either side has reached */
static uint64_t random_state;
static uint64_t rounds;
static uint64_t both_saw;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}

static int membarrier(int command)
{
    return (int)syscall(SYS_membarrier, command, 0, 0);
}

static void open_round(void)
{
    ordered = !has_membarrier || rounds % 16 != 0; /* a membarrier takes its time */
    salt = next_random();
    for (unsigned i = 0; i < PLACES; i++) {
        struct place *p = &places[i];
        while (weft__deque_take(&p->deque))
            ;
        p->deque.ordered_push = ordered;
        weft__store_relaxed(&p->parked, false);
    }
}

static void close_round(void)
{
    for (unsigned i = 0; i < PLACES; i++) {
        if (!places[i].producer_saw && !places[i].parker_saw)
            stress_fail(ordered ? "an ordered push was missed"
                                : "a push was missed despite membarrier");
        both_saw += places[i].producer_saw && places[i].parker_saw;
    }
    rounds++;
}

/* Both sides leave together, give or take a few cycles. */
static void meet(unsigned side, uint64_t place)
{
    weft__store_release(&at[side], place); /* only a rendezvous */
    for (unsigned pauses = 1; weft__load_acquire(&at[!side]) < place; pauses++)
        if (pauses % 1000 == 0)
            sched_yield(); /* the other one may have no core */
    uint64_t delay = (place * 2 + side + salt) * UINT64_C(0x9E3779B97F4A7C15) >> 56;
    for (uint64_t i = 0; i < delay; i++)
        __asm__ volatile("");
}

static void produce(void)
{
    for (unsigned i = 0; i < PLACES; i++) {
        struct place *p = &places[i];
        meet(0, rounds * PLACES + i + 1);
        weft__deque_push(&p->deque, weft__entry_make(&thing, WEFT__ENTRY_STACK));
        /* seq_cst: what the scheduler's submit does next. */
        p->producer_saw = weft__load_seq_cst(&p->parked);
    }
}

static void park(void)
{
    const struct weft__deque_look look = {0};
    for (unsigned i = 0; i < PLACES; i++) {
        struct place *p = &places[i];
        meet(1, rounds * PLACES + i + 1);
        weft__store_seq_cst(&p->parked, true);
        if (!ordered && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
            stress_fail("membarrier failed");
        p->parker_saw = weft__deque_has_work(&p->deque, &look);
    }
}

static void *run_parker(void *unused)
{
    (void)unused;
    for (;;) {
        pthread_barrier_wait(&line);
        if (over)
            return NULL;
        park();
        pthread_barrier_wait(&line);
    }
}

static void run_producer(void)
{
    while (stress_now() < stress_end) {
        open_round();
        pthread_barrier_wait(&line);
        produce();
        pthread_barrier_wait(&line);
        close_round();
    }
    over = true;
    pthread_barrier_wait(&line);
}

int main(int argc, char **argv)
{
    pthread_t parker;
    stress_begin(argc, argv);
    random_state = stress_seed | 1;
    has_membarrier = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
    pthread_barrier_init(&line, NULL, 2);
    for (unsigned i = 0; i < PLACES; i++)
        if (weft__deque_init(&places[i].deque, 0, WEFT__DEQUE_MIN_CAPACITY, false, true))
            stress_fail("no memory");
    if (pthread_create(&parker, NULL, run_parker, NULL))
        stress_fail("no thread");
    run_producer();
    pthread_join(parker, NULL);
    for (unsigned i = 0; i < PLACES; i++)
        weft__deque_destroy(&places[i].deque);
    pthread_barrier_destroy(&line);
    printf("deque_park: ok, %" PRIu64 " rounds of %d pushes%s, both saw each other %" PRIu64
           " times\n",
           rounds, PLACES, has_membarrier ? "" : " without membarrier", both_saw);
    return 0;
}
