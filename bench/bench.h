/* SPDX-License-Identifier: MIT */
/*
 * bench: what all benches have in common.
 *
 * A bench is a program. It measures each of its cases a few times, all cases in turn and not one
 * after the other, so that a machine whose speed drifts slows all of them alike, and gives the
 * median. Its first line says how noisy the machine was. A result that is wrong ends it at once,
 * with status 1: there is no figure for work that was not done.
 *
 *     int main(int argc, char **argv)
 *     {
 *         bench_t bench = {.name = "fib", .about = "...", .most_workers = 2};
 *
 *         bench_begin(&bench, argc, argv);
 *         while (bench_next_workers(&bench))
 *             bench_check(weft_run(weft_coro(&measure, &bench), NULL, .workers = bench.workers),
 *                         "weft_run");
 *         return 0;
 *     }
 *
 * and inside of measure:
 *
 *     static bench_series_t task = {"task", "weft", "ns"};
 *
 *     while (bench_next_round(&bench)) {
 *         bench_clock_t start = bench_clock();
 *         ... do the work, check its result ...
 *         bench_add_since(&bench, &task, start, count);
 *     }
 *     bench_report(&bench, &task);
 *
 * The first round is a warm-up, which bench_add ignores. With bench_add_since a second figure is
 * reported, the processor time of the whole process, as the case "task-cpu".
 *
 * Nothing here calls weft: raw measurements use it alone.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BENCH_ROUNDS_MAX 1000

typedef struct bench {
    /* Set by the program. */
    const char *name;
    const char *about;
    unsigned least_workers; /* 0: 1 */
    unsigned
        most_workers; /* without --workers, each number from the least to this one is measured */
    bool alone;       /* more workers than that make no sense here */
    bool cold;        /* no warm-up round: the measurement sees to it itself, or must not */

    /* From the command line. */
    bool quick;
    bool json;
    double seconds;  /* go on measuring so long, even when there are enough rounds */
    unsigned chosen; /* --workers, or 0 */
    unsigned enough; /* rounds that count */

    /* Where we are. */
    unsigned workers;
    unsigned round; /* 1 is the warm-up, if there is one; 0 before the first */
    int64_t began;
} bench_t;

/* The figures of one case. It is large: keep it off the stacks of tasks. */
typedef struct bench_series {
    const char *name; /* the case */
    const char *peer; /* "weft" or "raw" */
    const char *unit; /* of the figures; with bench_add_since "ns" */
    bool has_cpu;
    unsigned count;
    double value[BENCH_ROUNDS_MAX];
    double cpu[BENCH_ROUNDS_MAX];
} bench_series_t;

typedef struct bench_clock {
    int64_t wall; /* both in nanoseconds */
    int64_t cpu;
} bench_clock_t;

/* ---- the course of a bench ---- */

/* Reads the command line, measures the noise and prints it. */
void bench_begin(bench_t *bench, int argc, char **argv);

/* Sets bench->workers to the next number of workers to measure with; false after the last. */
bool bench_next_workers(bench_t *bench);

/* Begins the next round; false after the last. */
bool bench_next_round(bench_t *bench);

/* ---- figures ---- */

bench_clock_t bench_clock(void);

/* Nanoseconds of CLOCK_MONOTONIC, and of the calling thread's processor time. */
int64_t bench_now(void);
int64_t bench_thread_cpu(void);

/* The figure of this round. */
void bench_add(const bench_t *bench, bench_series_t *series, double value);

/* The nanoseconds since [start] for each of [operations]. */
void bench_add_since(const bench_t *bench, bench_series_t *series, bench_clock_t start,
                     double operations);

/* Prints median, minimum and maximum, and empties the series. */
void bench_report(const bench_t *bench, bench_series_t *series);

/* The value below which [share] of these lie. Sorts them. */
double bench_quantile(double *value, size_t count, double share);

/* ---- what goes wrong ---- */

/* Ends the program with status 1, from wherever it is called. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same if [rc] is a negative errno; else returns it. */
ssize_t bench_check(ssize_t rc, const char *what);

/* The same if [got] is not what it has to be. */
void bench_expect(const char *what, int64_t got, int64_t want);

/* malloc, filled with zeros and with all pages present, that does not fail. */
void *bench_alloc(size_t count, size_t size);

/* ---- threads and processes ---- */

/* Keeps the calling thread on the index'th of the processors that this process was given at its
 * start (modulo their number), or lets it go again. Call it inside of the loop: the runtime counts
 * the processors that it may use when it starts. */
void bench_pin(unsigned index);
void bench_unpin(void);

/* Runs work(arg, result) in a process of its own, where nothing has run before, and waits for the
 * [size] bytes of its result. Call it while there is no loop. */
void bench_apart(void (*work)(void *arg, void *result), void *arg, void *result, size_t size);

/* Starts a process that runs work(arg, fd) and ends. *fd is our end of a socket pair whose other
 * end it has. It dies with us. Call it while there is no loop. */
pid_t bench_fork(void (*work)(void *arg, int fd), void *arg, int *fd);

/* Ends it, if it did not end by itself, and closes *fd. */
void bench_kill(pid_t child, int fd);

#endif
