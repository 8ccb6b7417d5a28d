/* SPDX-License-Identifier: MIT */
/* stress: what stress programs on whole loops share: arguments, randomness, failing with a replay
 * line. */
#ifndef WEFT_TESTS_STRESS_H
#define WEFT_TESTS_STRESS_H

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/replay.h"

static const char *stress_name;
static char stress_replay[1024]; /* the command that repeats this run, and a newline */
static uint64_t stress_seed;
static double stress_seconds = 2;
static unsigned stress_workers;
static uint64_t stress_rounds; /* 0: as many as fit in the time */
static int64_t stress_end;
static const char *stress_only; /* of programs with several objects, the one that was asked for */
static _Atomic(const char *) stress_object; /* and what a round is about */

static inline int64_t stress_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* For replay_begin. */
static inline void stress_say(const char *why)
{
    const char *object = stress_object;
    char where[64] = "", text[2048];

    if (stress_workers)
        snprintf(where, sizeof where, " (workers: %u%s%s)", stress_workers,
                 object ? ", object: " : "", object ? object : "");
    snprintf(text, sizeof text, "%s: %s%s\n%s", stress_name, why, where, stress_replay);
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _Exit(1);
}

static inline _Noreturn void stress_fail(const char *what)
{
    stress_say(what);
    _Exit(1);
}

#define STRESS_CHECK(cond)                                                                         \
    do {                                                                                           \
        if (!(cond))                                                                               \
            stress_fail(#cond);                                                                    \
    } while (0)

/* splitmix64 of (seed, n): any thread, no state. */
static inline uint64_t stress_mix(uint64_t n)
{
    uint64_t z = stress_seed + n * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A random number for whoever asks: the order of asking is the schedule's, the sequence is the
 * seed's. */
static inline uint64_t stress_random(uint64_t below)
{
    static _Atomic(uint64_t) asked;

    return stress_mix(atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed)) % below;
}

static inline void stress_option(const char *name, const char *value)
{
    if (strcmp(name, "--seed") == 0)
        stress_seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "--seconds") == 0)
        stress_seconds = strtod(value, NULL);
    else if (strcmp(name, "--workers") == 0)
        stress_workers = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(name, "--rounds") == 0)
        stress_rounds = strtoull(value, NULL, 10);
    else if (strcmp(name, "--object") == 0)
        stress_only = value;
    else
        stress_fail("usage: [--seed N] [--seconds S] [--workers N] [--rounds N] [--object NAME]");
}

static inline void stress_add(const char *text)
{
    strncat(stress_replay, text, sizeof stress_replay - strlen(stress_replay) - 1);
}

/* The options as they were given, and the seed. */
static inline void stress_note_replay(int argc, char **argv)
{
    char seed[32];

    snprintf(seed, sizeof seed, " --seed %" PRIu64, stress_seed);
    stress_add("replay: ");
    stress_add(argv[0]);
    stress_add(seed);
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") != 0) {
            stress_add(" ");
            stress_add(argv[i]);
            stress_add(" ");
            stress_add(argv[i + 1]);
        }
    }
    stress_add("\n");
}

static inline void stress_begin(int argc, char **argv)
{
    struct timespec t;

    stress_name = argv[0];
    clock_gettime(CLOCK_REALTIME, &t);
    stress_seed = (uint64_t)t.tv_nsec ^ (uint64_t)t.tv_sec << 20;
    for (int i = 1; i + 1 < argc; i += 2)
        stress_option(argv[i], argv[i + 1]);
    stress_note_replay(argc, argv);
    replay_begin(stress_say);
    printf("%s: seed %" PRIu64 "\n", stress_name, stress_seed);
    fflush(stdout);
    stress_end = stress_now() + (int64_t)(stress_seconds * 1e9);
}

/* Runs it with the workers that were asked for, or with 1, 2 and 4, each for its share of the
 * time. */
static inline void stress_with_workers(void (*run)(void))
{
    static const unsigned counts[] = {1, 2, 4};
    unsigned asked = stress_workers, runs = asked ? 1 : 3;
    int64_t share = (stress_end - stress_now()) / runs;

    for (unsigned i = 0; i < runs; i++) {
        stress_workers = asked ? asked : counts[i];
        stress_end = stress_now() + share;
        run();
    }
    stress_workers = asked;
}

#endif
