/* SPDX-License-Identifier: MIT */
/*
 * channel: two tasks that ask and answer, by a future each way.
 *
 *     roundtrip    ns of wall time from a question to the next: two futures created, completed and
 *                  awaited, two switches
 *
 * Each side posts the future it is going to wait for before it completes the other's: completing
 * one is what makes the post visible.
 *
 * Who completes a future borrows it from its owner, who must not drop it in the middle of the call.
 * The owner therefore keeps it for one more round: when the other side completes the next one, it
 * has left the call before. The last of each side is dropped when both have ended. So no reference
 * is taken for the call.
 */
#include <weft.h>

#include "bench/bench.h"

enum { TRIPS = 300000 };

static weft_future_t *question; /* what the answerer waits for */
static weft_future_t *answer;   /* what the asker waits for */
static weft_future_t *last_question, *last_answer;

/* Awaits [future]. Drops the one of the round before and keeps this one in its place. */
static intptr_t receive(weft_future_t *future, weft_future_t **before)
{
    void *value;

    bench_check(weft_await(future, &value), "weft_await");
    weft_unref(*before);
    *before = future;
    return (intptr_t)value;
}

static void send(weft_future_t *future, intptr_t value)
{
    bench_check(weft_set_result(future, (void *)value), "weft_set_result");
}

WEFT_CORO(answerer)
{
    weft_future_t *mine = question, *before = NULL;

    for (int i = 0; i < TRIPS; i++) {
        intptr_t asked = receive(mine, &before);

        mine = question = weft_create_future(NULL);
        send(answer, asked + 1);
    }
    last_question = before;
    return 0;
}

WEFT_CORO(asker)
{
    weft_future_t *before = NULL;
    intptr_t sum = 0;

    for (int i = 0; i < TRIPS; i++) {
        weft_future_t *mine = answer = weft_create_future(NULL);

        send(question, i);
        sum += receive(mine, &before);
    }
    last_answer = before;
    *result = (void *)sum;
    return 0;
}

WEFT_CORO(measure)
{
    static bench_series_t roundtrip = {.name = "roundtrip", .peer = "weft", .unit = "ns"};
    bench_t *bench = arg;

    while (bench_next_round(bench)) {
        weft_task_t *answering, *asking;
        bench_clock_t start;
        void *sum;

        question = weft_create_future(NULL);
        start = bench_clock();
        answering = weft_create_task(weft_coro(&answerer, NULL));
        asking = weft_create_task(weft_coro(&asker, NULL));
        bench_check(weft_join(asking, &sum), "weft_join");
        bench_add_since(bench, &roundtrip, start, TRIPS);
        bench_check(weft_join(answering, NULL), "weft_join");
        weft_unref(last_question);
        weft_unref(last_answer);
        weft_unref(question); /* that was never asked */
        bench_expect("the sum of all answers", (intptr_t)sum, (int64_t)TRIPS * (TRIPS + 1) / 2);
    }
    bench_report(bench, &roundtrip);
    return 0;
}

int main(int argc, char **argv)
{
    bench_t bench = {
        .name = "channel", .about = "Two tasks that ask and answer.", .most_workers = 2};

    bench_begin(&bench, argc, argv);
    while (bench_next_workers(&bench))
        bench_check(weft_run(weft_coro(&measure, &bench), NULL, .workers = bench.workers),
                    "weft_run");
    return 0;
}
