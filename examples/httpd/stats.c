/* SPDX-License-Identifier: MIT */
/*
 * stats: the counters of the runtime and of the server, as Prometheus reads them.
 */
#include "stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void title(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void metric(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
    title(out, name, type, help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void of_server(FILE *out, const clients_total_t *t)
{
    metric(out, "httpd_connections", "gauge", "Connections that are served now", t->connections);
    metric(out, "httpd_accepted_total", "counter", "Connections that were served", t->accepted);
    metric(out, "httpd_refused_total", "counter", "Connections above the limit", t->refused);
    metric(out, "httpd_requests_total", "counter", "Requests that were answered", t->requests);
    metric(out, "httpd_errors_total", "counter", "Of these with 4xx or 5xx", t->errors);
}

static void of_runtime(FILE *out, const weft_stats_t *s)
{
    metric(out, "weft_spawned_total", "counter", "Tasks created", s->spawned);
    metric(out, "weft_inlined_total", "counter", "Of these run on their parent's stack",
           s->inlined);
    metric(out, "weft_switches_total", "counter", "Context switches", s->switches);
    metric(out, "weft_steals_total", "counter", "Entries taken from other workers", s->steals);
    metric(out, "weft_parks_total", "counter", "Times a worker slept in the kernel", s->parks);
    metric(out, "weft_wakes_total", "counter", "Times one was woken by another", s->wakes);
    metric(out, "weft_helper_reaps_total", "counter", "Completions taken over from stuck workers",
           s->helper_reaps);
    metric(out, "weft_kicks_total", "counter", "Signals sent to stuck workers", s->kicks);
    metric(out, "weft_ring_submissions_total", "counter", "Operations given to the kernel",
           s->ring_submissions);
    metric(out, "weft_ring_enters_total", "counter", "Calls into the kernel for them",
           s->ring_enters);
    metric(out, "weft_ring_overflows_total", "counter", "Times a completion queue overflowed",
           s->ring_overflows);
    metric(out, "weft_stacks_unguarded", "gauge", "Stacks without a guard", s->stacks_unguarded);
    metric(out, "weft_workers", "gauge", "Threads that run tasks", s->workers);
}

/* One counter of each worker. */
enum worker_counter { SWITCHES, STEALS, PARKS, CPU };

static void of_workers(FILE *out, unsigned workers, enum worker_counter which)
{
    static const char *const names[] = {
        [SWITCHES] = "weft_worker_switches_total",
        [STEALS] = "weft_worker_steals_total",
        [PARKS] = "weft_worker_parks_total",
        [CPU] = "weft_worker_cpu_seconds_total",
    };
    static const char *const helps[] = {
        [SWITCHES] = "Context switches of a worker",
        [STEALS] = "Entries it has taken from others",
        [PARKS] = "Times it slept in the kernel",
        [CPU] = "CPU time it has used",
    };

    title(out, names[which], "counter", helps[which]);
    for (unsigned i = 0; i < workers; i++) {
        weft_worker_stats_t s = {.size = sizeof(s)};
        if (weft_loop_worker_stats(NULL, i, &s) < 0)
            continue;
        fprintf(out, "%s{worker=\"%u\"} ", names[which], i);
        if (which == CPU)
            fprintf(out, "%" PRId64 ".%09" PRId64 "\n", s.cpu_ns / 1000000000,
                    s.cpu_ns % 1000000000);
        else
            fprintf(out, "%" PRIu64 "\n",
                    which == SWITCHES ? s.switches
                    : which == STEALS ? s.steals
                                      : s.parks);
    }
}

char *stats_text(clients_t *clients, size_t *len)
{
    clients_total_t total = clients_total(clients);
    weft_stats_t stats = {.size = sizeof(stats)};
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    if (!out)
        return NULL;
    of_server(out, &total);
    if (weft_loop_stats(NULL, &stats) == 0) {
        of_runtime(out, &stats);
        for (int which = SWITCHES; which <= CPU; which++)
            of_workers(out, stats.workers, (enum worker_counter)which);
    }
    bool failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
