/* SPDX-License-Identifier: MIT */
#include "io/driver/virtual.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "io/driver/virtual_inside.h"

/*
 * The simulation as a whole: its life, its chances, its trace, and what it says when nothing moves.
 */

struct weft__virtual_chunk {
    struct weft__virtual_chunk *next;
    union weft__virtual_node nodes[];
};

enum {
    CHUNK_BYTES = 64 * 1024,
    CHUNK_NODES =
        (CHUNK_BYTES - sizeof(struct weft__virtual_chunk)) / sizeof(union weft__virtual_node),
};

static _Thread_local struct weft__virtual *simulation;

WEFT__NOINLINE struct weft__virtual *weft__virtual_here(void)
{
    struct weft__virtual **here = &simulation;

    __asm__ volatile("" : "+r"(here)); /* the address is not the callers' to keep */
    return *here;
}

const struct weft__virtual_config *weft__virtual_config_here(void)
{
    struct weft__virtual *sim = weft__virtual_here();

    return sim ? &sim->config : NULL;
}

/* ---- chance ---- */

int64_t weft__virtual_random(struct weft__virtual *sim, uint32_t n)
{
    return weft__random_below(&sim->random, n);
}

bool weft__virtual_chance(struct weft__virtual *sim, enum weft__virtual_fault fault)
{
    unsigned one_in = sim->config.fault_one_in[fault];

    return one_in > 0 && !sim->dead && weft__virtual_random(sim, one_in) == 0;
}

bool weft__virtual_strikes(struct weft__virtual *sim, enum weft__virtual_fault fault)
{
    if (!weft__virtual_chance(sim, fault))
        return false;
    sim->faults[fault]++;
    weft__virtual_trace(sim, weft__virtual_fault_name(fault), 0, 0);
    return true;
}

const char *weft__virtual_fault_name(enum weft__virtual_fault fault)
{
    static const char *const names[WEFT__VIRTUAL_FAULTS] = {
        "late",
        "out of order",
        "short",
        "EINTR",
        "spurious ECANCELED",
        "ENOBUFS",
        "held back",
        "refused",
        "overflow",
        "multishot end",
        "cancel too late",
        "cancel early",
        "cancel gone",
        "spurious wake",
        "stall",
        "kicked",
        "moved",
    };

    return names[fault];
}

struct weft__virtual_config weft__virtual_swarm(uint64_t seed)
{
    struct weft__virtual_config config = {.seed = seed};
    struct weft__random random;

    weft__random_seed(&random, seed ^ 0x7377617264);
    config.switch_one_in = 1 + weft__random_below(&random, 8);
    config.submission_entries = 1u << weft__random_below(&random, 5);
    config.completion_entries = 2u << weft__random_below(&random, 5);
    config.socket_bytes = (size_t)1 << (4 + weft__random_below(&random, 9));
    for (int i = 0; i < WEFT__VIRTUAL_FAULTS; i++)
        if (weft__random_below(&random, 3) > 0)
            config.fault_one_in[i] = 2u << weft__random_below(&random, 6);
    if (config.fault_one_in[WEFT__VIRTUAL_STALL])
        config.fault_one_in[WEFT__VIRTUAL_STALL] *= 64;
    return config;
}

/* ---- trace ---- */

/* A step of splitmix64's scrambler: every bit of the word reaches every bit of the hash. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9u;
    return hash ^ hash >> 31;
}

void weft__virtual_trace(struct weft__virtual *sim, const char *what, uint64_t number,
                         int64_t value)
{
    const struct weft__virtual_context *me = sim->current;
    char line[160];

    sim->hash = mix(mix(sim->hash, (uint64_t)sim->now), me->id);
    for (const char *p = what; *p; p++)
        sim->hash = mix(sim->hash, (unsigned char)*p);
    sim->hash = mix(mix(sim->hash, number), (uint64_t)value);
    if (!sim->config.trace)
        return;
    snprintf(line, sizeof(line), "%12lld %u:%s %s %llu %lld", (long long)sim->now, me->id, me->name,
             what, (unsigned long long)number, (long long)value);
    sim->config.trace(sim->config.arg, line);
}

uint64_t weft__virtual_hash(const struct weft__virtual *sim)
{
    return sim->hash;
}

uint64_t weft__virtual_steps(const struct weft__virtual *sim)
{
    return sim->steps;
}

uint64_t weft__virtual_faults(const struct weft__virtual *sim, enum weft__virtual_fault fault)
{
    return sim->faults[fault];
}

/* ---- nothing moves any more ---- */

struct report {
    char text[8192];
    size_t length;
};

static WEFT__PRINTF(2, 3) void add(struct report *report, const char *format, ...)
{
    size_t room = sizeof(report->text) - report->length;
    va_list args;

    va_start(args, format);
    int n = vsnprintf(report->text + report->length, room, format, args);
    va_end(args);
    if (n > 0)
        report->length += (size_t)n < room ? (size_t)n : room - 1;
}

static void describe(struct report *report, const struct weft__virtual_context *c)
{
    static const char *const states[] = {"runnable at", "blocked in", "ended at"};

    add(report, "  %u:%s %s \"%s\"", c->id, c->name, states[c->state], c->at);
    if (c->state == WEFT__VIRTUAL_BLOCKED && c->deadline != WEFT__NEVER)
        add(report, " until %lld", (long long)c->deadline);
    add(report, "\n");
}

void weft__virtual_stuck(struct weft__virtual *sim, const char *why)
{
    static _Thread_local struct report report;

    report.length = 0;
    add(&report, "simulation: %s with seed %llu at %lld ns, after %llu steps\n", why,
        (unsigned long long)sim->config.seed, (long long)sim->now, (unsigned long long)sim->steps);
    for (unsigned i = 0; i < sim->count; i++)
        if (sim->contexts[i]->state != WEFT__VIRTUAL_ENDED)
            describe(&report, sim->contexts[i]);
    if (!sim->config.stuck) {
        fputs(report.text, stderr);
        weft__die("the simulation is stuck: %s", why);
    }
    sim->dead = true;
    sim->config.stuck(sim->config.arg, report.text);
}

/* ---- memory ---- */

static void grow(struct weft__virtual *sim)
{
    struct weft__virtual_chunk *chunk =
        mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    WEFT__ASSERT(chunk != MAP_FAILED, "no memory for the simulation");
    chunk->next = sim->chunks;
    sim->chunks = chunk;
    for (int i = CHUNK_NODES - 1; i >= 0; i--)
        weft__virtual_give(sim, &chunk->nodes[i]);
}

void *weft__virtual_take(struct weft__virtual *sim)
{
    if (!sim->free_nodes)
        grow(sim);
    union weft__virtual_node *node = sim->free_nodes;
    sim->free_nodes = node->next;
    memset(node, 0, sizeof(*node));
    return node;
}

void weft__virtual_give(struct weft__virtual *sim, void *memory)
{
    union weft__virtual_node *node = memory;

    node->next = sim->free_nodes;
    sim->free_nodes = node;
}

/* ---- life ---- */

static void set_defaults(struct weft__virtual_config *config)
{
    if (!config->switch_one_in)
        config->switch_one_in = 3;
    if (!config->submission_entries)
        config->submission_entries = 64;
    if (!config->completion_entries)
        config->completion_entries = 128;
    if (!config->socket_bytes)
        config->socket_bytes = 4096;
    if (!config->step_limit)
        config->step_limit = 50 * 1000 * 1000;
}

struct weft__virtual *weft__virtual_new(const struct weft__virtual_config *config)
{
    struct weft__virtual *sim = calloc(1, sizeof(*sim));

    WEFT__ASSERT(!simulation, "one simulation at a time for each thread");
    if (!sim)
        return NULL;
    sim->config = *config;
    set_defaults(&sim->config);
    weft__random_seed(&sim->random, config->seed);
    sim->now = WEFT__SECOND;
    sim->next_event = WEFT__NEVER;
    if (weft__virtual_context_new(sim, "main", NULL, NULL) < 0) {
        free(sim);
        return NULL;
    }
    sim->current = sim->contexts[0];
    simulation = sim;
    return sim;
}

void weft__virtual_free(struct weft__virtual *sim)
{
    WEFT__ASSERT(sim->current->id == 0, "ended by the context that began it");
    for (unsigned i = sim->count; i-- > 0;) {
        struct weft__virtual_context *c = sim->contexts[i];
        WEFT__ASSERT(i == 0 || sim->dead || c->state == WEFT__VIRTUAL_ENDED, "a thread still runs");
        weft__virtual_context_free(c);
        free(c);
    }
    WEFT__ASSERT(sim->dead || !sim->drivers, "a driver is still open");
    while (sim->drivers)
        weft__virtual_driver_free(sim->drivers);
    for (int i = 0; i < WEFT__VIRTUAL_FILES; i++)
        if (sim->files[i])
            weft__virtual_file_unref(sim, sim->files[i]);
    while (sim->chunks) {
        struct weft__virtual_chunk *chunk = sim->chunks;
        sim->chunks = chunk->next;
        munmap(chunk, CHUNK_BYTES);
    }
    free(sim->contexts);
    free(sim);
    simulation = NULL;
}
