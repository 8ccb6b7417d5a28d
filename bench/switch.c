/* SPDX-License-Identifier: MIT */
/*
 * switch: from one context to another, without a scheduler.
 *
 *     switch    ns of wall time per switch; raw: the C library's swapcontext, which makes a system
 *               call for the signal mask each time
 *
 * The only bench that looks inside of the library: the switch is no public call.
 */
#include <ucontext.h>

#include "bench/bench.h"
#include "runtime/core/context.h"
#include "runtime/core/stack.h"

enum { TRIPS = 1000000, TRIPS_RAW = 100000, STACK_RAW = 64 * 1024 };

/* ---- weft ---- */

typedef struct side {
    void *sp;
    struct weft__san san;
} side_t;

static side_t here, there;

WEFT__INLINE uintptr_t go(side_t *from, side_t *to, uintptr_t value)
{
    weft__san_switch_begin(&from->san, &to->san, false);
    value = weft__context_switch(&from->sp, to->sp, value);
    weft__san_switch_end(&from->san);
    return value;
}

/* Gives each number back, one larger. It is never continued after the last. */
static WEFT__SAN_NEVER_LEFT void answer(uintptr_t value)
{
    weft__san_switch_end(&there.san);
    for (;;)
        value = go(&there, &here, value + 1);
}

static void measure(const bench_t *bench, bench_series_t *series, struct weft__stack *stack)
{
    uintptr_t value = 0;
    bench_clock_t start;

    weft__san_adopt(&here.san);
    there.san = stack->san;
    there.sp = weft__context_make(stack, answer); /* right below the descriptor */
    start = bench_clock();
    for (int i = 0; i < TRIPS; i++)
        value = go(&here, &there, value);
    bench_add_since(bench, series, start, 2 * TRIPS);
    bench_expect("answers", (int64_t)value, TRIPS);
}

/* ---- raw ---- */

static ucontext_t raw_here, raw_there;
static int raw_value;

static void raw_answer(void)
{
    for (;;) {
        raw_value++;
        swapcontext(&raw_there, &raw_here);
    }
}

static void measure_raw(const bench_t *bench, bench_series_t *series)
{
    static char stack[STACK_RAW];
    bench_clock_t start;

    getcontext(&raw_there);
    raw_there.uc_stack.ss_sp = stack;
    raw_there.uc_stack.ss_size = sizeof(stack);
    makecontext(&raw_there, raw_answer, 0);
    raw_value = 0;
    start = bench_clock();
    for (int i = 0; i < TRIPS_RAW; i++)
        swapcontext(&raw_here, &raw_there);
    bench_add_since(bench, series, start, 2 * TRIPS_RAW);
    bench_expect("answers", raw_value, TRIPS_RAW);
}

int main(int argc, char **argv)
{
    static bench_series_t weft = {.name = "switch", .peer = "weft", .unit = "ns"};
    static bench_series_t raw = {.name = "switch", .peer = "raw", .unit = "ns"};
    bench_t bench = {.name = "switch",
                     .about = "From one context to another and back.",
                     .most_workers = 1,
                     .alone = true};
    struct weft__stack_pool pool;
    struct weft__stack_cache cache;
    struct weft__stack *stack;
    int class = weft__stack_class(WEFT__STACK_DEFAULT);

    bench_begin(&bench, argc, argv);
    bench_check(weft__stack_pool_init(&pool), "a pool of stacks");
    weft__stack_cache_init(&cache, &pool);
    bench_check(weft__stack_get(&cache, (unsigned)class, &stack), "a stack");
    while (bench_next_workers(&bench)) {
        while (bench_next_round(&bench)) {
            measure(&bench, &weft, stack);
            measure_raw(&bench, &raw);
        }
        bench_report(&bench, &weft);
        bench_report(&bench, &raw);
    }
    weft__stack_put(&cache, stack);
    weft__stack_cache_flush(&cache);
    weft__stack_pool_destroy(&pool);
    return 0;
}
