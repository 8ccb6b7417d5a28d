/* SPDX-License-Identifier: MIT */
/*
 * sim: what programs over the virtual driver share: seeds, replay, failing with the line that
 * replays.
 *
 * A program hands over one function, which runs one whole simulation from its seed and returns the
 * hash of its trace. Each seed runs twice, and both runs must give the same hash: what cannot be
 * replayed is of no use.
 *
 * Everything happens on one OS thread, so plain variables are enough, and a check may stand in any
 * context.
 */
#ifndef WEFT_TESTS_SIM_H
#define WEFT_TESTS_SIM_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/driver/virtual.h"
#include "runtime/base/random.h"
#include "runtime/core/slab.h"
#include "runtime/core/task.h"
#include "tests/support/replay.h"

enum { SIM_PATIENCE = 60 /* seconds of the real clock for one seed */ };

static const struct weft__system *const sim_system = &weft__system_virtual;
static const struct weft__driver_class *const sim_driver = &weft__driver_virtual;
static const char *sim_name;
static uint64_t sim_seed;
static bool sim_tracing;
static struct weft__virtual *sim;
static struct weft__random sim_random;
static uint64_t sim_faults[WEFT__VIRTUAL_FAULTS], sim_steps;

/* ---- failing ---- */

static char sim_replay[256];

/* For replay_begin. */
static inline void sim_say(const char *why)
{
    const char *parts[] = {sim_name, ": ", why, "\n", sim_replay};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (write(STDERR_FILENO, parts[i], strlen(parts[i])) < 0)
            _exit(1);
    }
}

static inline _Noreturn void sim_fail(const char *what)
{
    sim_say(what);
    _exit(1);
}

#define SIM_STRING_(x) #x
#define SIM_STRING(x) SIM_STRING_(x)
#define SIM_CHECK(cond)                                                                            \
    do {                                                                                           \
        if (!(cond))                                                                               \
            sim_fail(__FILE__ ":" SIM_STRING(__LINE__) ": " #cond);                                \
    } while (0)

static inline void sim_stuck(void *arg, const char *report)
{
    (void)arg;
    sim_fail(report);
}

/* A simulated thread does nothing for so long. */
static inline void sim_idle(int64_t ns)
{
    static _Atomic(uint32_t) nobodys;

    sim_system->wait(&nobodys, 0, sim_system->now() + ns);
}

/* ---- chance: of the program, not of the driver, which has its own ------------------------------
 */

static inline uint32_t sim_below(uint32_t n)
{
    return (uint32_t)weft__random_below(&sim_random, n);
}

static inline bool sim_one_in(uint32_t n)
{
    return sim_below(n) == 0;
}

/* ---- one run ---- */

static inline void sim_line(void *arg, const char *line)
{
    (void)arg;
    puts(line);
}

/* [limit]: how much virtual time is certainly enough. */
static inline void sim_begin(struct weft__virtual_config config, int64_t limit)
{
    config.time_limit = limit;
    config.stuck = sim_stuck;
    config.trace = sim_tracing ? sim_line : NULL;
    weft__random_seed(&sim_random, config.seed ^ 0x70726f6772616d);
    sim = weft__virtual_new(&config);
    SIM_CHECK(sim != NULL);
}

static inline void sim_end(void)
{
    for (int i = 0; i < WEFT__VIRTUAL_FAULTS; i++)
        sim_faults[i] += weft__virtual_faults(sim, (enum weft__virtual_fault)i);
    sim_steps += weft__virtual_steps(sim);
    SIM_CHECK(weft__virtual_open_files(sim) == 0);
    weft__virtual_free(sim);
}

/* ---- what is left over ---- */

static inline void sim_count_awaitable(void *object, void *count)
{
    uint32_t refs = weft__load_relaxed(&((struct weft_awaitable *)object)->refs);

    SIM_CHECK(refs <= INT32_MAX); /* dropped more often than taken */
    *(unsigned *)count += refs != 0;
}

static inline unsigned sim_awaitables(void)
{
    unsigned count = 0;

    weft__slab_each(WEFT__SLAB_AWAITABLE, sim_count_awaitable, &count);
    return count;
}

/* ---- all runs ---- */

static inline double sim_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline void sim_seed_run(uint64_t (*run)(uint64_t seed), uint64_t seed)
{
    sim_seed = seed;
    snprintf(sim_replay, sizeof sim_replay, "replay: %s --seed %" PRIu64 " [--trace]\n", sim_name,
             seed);
    alarm(SIM_PATIENCE);
    uint64_t hash = run(seed);
    if (!sim_tracing)
        SIM_CHECK(run(seed) == hash);
    alarm(0);
}

/* Says how often the driver struck. [all]: none of its faults may have been left out. */
static inline int sim_report(uint64_t seeds, bool all)
{
    int rc = 0;

    printf("%s: %" PRIu64 " seeds, %" PRIu64 " steps\n", sim_name, seeds, sim_steps);
    for (int i = 0; i < WEFT__VIRTUAL_FAULTS && all; i++) {
        printf("  %-20s %" PRIu64 "\n", weft__virtual_fault_name((enum weft__virtual_fault)i),
               sim_faults[i]);
        rc |= sim_faults[i] == 0;
    }
    if (rc)
        fprintf(stderr, "%s: a fault never happened\n", sim_name);
    return rc;
}

/* For main: the first [seeds], and more while the time lasts. [all]: see sim_report. */
static inline int sim_main(int argc, char **argv, uint64_t (*run)(uint64_t seed), uint64_t seeds,
                           bool all)
{
    double seconds = 0, begin = sim_clock();
    uint64_t only = 0, seed;
    bool one = false;

    sim_name = argv[0];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            sim_tracing = true;
        } else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0) {
            one = true;
            only = strtoull(argv[++i], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--seeds") == 0) {
            seeds = strtoull(argv[++i], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--seconds") == 0) {
            seconds = strtod(argv[++i], NULL);
        } else {
            fprintf(stderr, "usage: %s [--seed N] [--seeds N] [--seconds S] [--trace]\n", argv[0]);
            return 2;
        }
    }
    replay_begin(sim_say);
    if (one) {
        sim_seed_run(run, only);
        return sim_report(1, false);
    }
    for (seed = 0; seed < seeds || sim_clock() - begin < seconds; seed++)
        sim_seed_run(run, seed);
    return sim_report(seed, all);
}

#endif
