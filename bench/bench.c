/* SPDX-License-Identifier: MIT */
/* bench: see bench.h. First the command line and the noise, then rounds, figures, processes. */
#include "bench/bench.h"

#include <argp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ROUNDS_FULL = 5,
    ROUNDS_QUICK = 3,
    QUICK_MAX_S = 20, /* a quick bench begins no more rounds after so long, if it has one */
    SPINNERS = 2,
    SPIN_NS = 100 * 1000 * 1000, /* how long the noise is measured */
    GAP_NS = 20 * 1000,          /* a thread that spins sees smaller steps only, if it is let run */
    WORKERS_MAX = 256,
};

static cpu_set_t all_cpus; /* what we may use, as it was at the start */

/* ---- what goes wrong ---- */

void bench_fail(const char *format, ...)
{
    va_list args;

    fputs("bench: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    fflush(stdout);
    _exit(EXIT_FAILURE); /* not exit: this may be the stack of a task */
}

ssize_t bench_check(ssize_t rc, const char *what)
{
    if (rc < 0)
        bench_fail("%s: %zd (%s)", what, rc, rc > -4096 ? strerror((int)-rc) : "weft/error.h");
    return rc;
}

void bench_expect(const char *what, int64_t got, int64_t want)
{
    if (got != want)
        bench_fail("%s: %lld, and not %lld", what, (long long)got, (long long)want);
}

void *bench_alloc(size_t count, size_t size)
{
    void *memory = reallocarray(NULL, count, size);

    if (!memory)
        bench_fail("no memory for %zu times %zu bytes", count, size);
    explicit_bzero(memory, count * size); /* memset would be turned into a lazy calloc */
    return memory;
}

/* ---- the command line ---- */

static const struct argp_option options[] = {
    {"quick", 'q', NULL, 0, "Measure fewer rounds", 0},
    {"workers", 'w', "N", 0, "Measure with N workers only", 0},
    {"seconds", 's', "S", 0,
     "Go on measuring for S seconds (default: until there are enough rounds)", 0},
    {"json", 'j', NULL, 0, "Print a line of JSON for each figure", 0},
    {0},
};

static unsigned parse_workers(const bench_t *bench, const char *arg, struct argp_state *state)
{
    unsigned least = bench->least_workers;
    unsigned most = bench->alone ? bench->most_workers : WORKERS_MAX;
    char *end;
    unsigned long workers = strtoul(arg, &end, 10);

    if (*arg < '0' || *arg > '9' || *end || workers < least || workers > most)
        argp_error(state, "--workers: %s runs with %u to %u workers, not '%s'", bench->name, least,
                   most, arg);
    return (unsigned)workers;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    bench_t *bench = state->input;
    char *end;

    switch (key) {
    case 'q':
        bench->quick = true;
        return 0;
    case 'j':
        bench->json = true;
        return 0;
    case 'w':
        bench->chosen = parse_workers(bench, arg, state);
        return 0;
    case 's':
        bench->seconds = strtod(arg, &end);
        if (end == arg || *end || !(bench->seconds >= 0 && bench->seconds <= 86400))
            argp_error(state, "--seconds must be a number from 0 to 86400, not '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- noise ---- */

typedef struct spinner {
    pthread_t thread;
    unsigned index;
    double lost; /* per cent of the time that it was not running */
} spinner_t;

static void *spin(void *arg)
{
    spinner_t *spinner = arg;
    int64_t begin, last, now, lost = 0;

    bench_pin(spinner->index);
    begin = last = bench_now();
    do {
        now = bench_now();
        if (now - last > GAP_NS)
            lost += now - last;
        last = now;
    } while (now - begin < SPIN_NS);
    spinner->lost = 100.0 * (double)lost / (double)(now - begin);
    return NULL;
}

static void measure_noise(const bench_t *bench)
{
    static bench_series_t noise = {"noise", "raw", "% lost", false, 0, {0}, {0}};
    spinner_t spinners[SPINNERS];
    bench_t quiet = *bench;

    for (unsigned i = 0; i < SPINNERS; i++) {
        spinners[i].index = i;
        bench_check(-pthread_create(&spinners[i].thread, NULL, spin, &spinners[i]), "thread");
    }
    quiet.cold = true;
    quiet.workers = 0;
    for (unsigned i = 0; i < SPINNERS; i++) {
        pthread_join(spinners[i].thread, NULL);
        bench_add(&quiet, &noise, spinners[i].lost);
    }
    bench_report(&quiet, &noise);
}

/* ---- the course of a bench ---- */

void bench_begin(bench_t *bench, int argc, char **argv)
{
    const struct argp argp = {options, parse_option, NULL, bench->about, NULL, NULL, NULL};

    if (bench->least_workers == 0)
        bench->least_workers = 1;
    if (bench->most_workers < bench->least_workers)
        bench->most_workers = bench->least_workers;
    argp_parse(&argp, argc, argv, 0, NULL, bench);
    bench->enough = bench->quick ? ROUNDS_QUICK : ROUNDS_FULL;
    if (sched_getaffinity(0, sizeof(all_cpus), &all_cpus) < 0)
        bench_fail("more processors than this program can count");
    measure_noise(bench);
}

bool bench_next_workers(bench_t *bench)
{
    unsigned first = bench->chosen ? bench->chosen : bench->least_workers;
    unsigned last = bench->chosen ? bench->chosen : bench->most_workers;

    bench->workers = bench->workers ? bench->workers + 1 : first;
    bench->round = 0;
    return bench->workers <= last;
}

/* How many rounds were measured, the current one included. */
static unsigned measured(const bench_t *bench)
{
    unsigned warm_up = bench->cold ? 0 : 1;

    return bench->round > warm_up ? bench->round - warm_up : 0;
}

/* Whether another round is wanted when so many are done. */
static bool wants_more(const bench_t *bench, unsigned done)
{
    double passed = (double)(bench_now() - bench->began) / 1e9;

    if (done == BENCH_ROUNDS_MAX)
        return false;
    if (passed < bench->seconds)
        return true;
    return done < bench->enough && !(bench->quick && done > 0 && passed > QUICK_MAX_S);
}

bool bench_next_round(bench_t *bench)
{
    unsigned done = measured(bench);

    if (bench->round++ == 0)
        bench->began = bench_now();
    return wants_more(bench, done);
}

/* ---- figures ---- */

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t bench_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t bench_thread_cpu(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

bench_clock_t bench_clock(void)
{
    bench_clock_t now;

    now.cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    now.wall = bench_now();
    return now;
}

static bool is_warm_up(const bench_t *bench)
{
    return !bench->cold && bench->round == 1;
}

void bench_add(const bench_t *bench, bench_series_t *series, double value)
{
    if (!is_warm_up(bench) && series->count < BENCH_ROUNDS_MAX)
        series->value[series->count++] = value;
}

void bench_add_since(const bench_t *bench, bench_series_t *series, bench_clock_t start,
                     double operations)
{
    int64_t wall =
        bench_now() - start.wall; /* first: it is the one that is read last at the start */
    int64_t cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID) - start.cpu;

    if (!is_warm_up(bench) && series->count < BENCH_ROUNDS_MAX)
        series->cpu[series->count] = (double)cpu / operations;
    series->has_cpu = true;
    bench_add(bench, series, (double)wall / operations);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_quantile(double *value, size_t count, double share)
{
    size_t index = (size_t)(share * (double)count);

    if (count == 0)
        bench_fail("no measurement");
    qsort(value, count, sizeof(*value), by_value);
    return value[index < count ? index : count - 1];
}

static double median(double *value, size_t count)
{
    double upper = bench_quantile(value, count, 0.5);

    return count % 2 ? upper : (value[count / 2 - 1] + upper) / 2;
}

static void print_figure(const bench_t *bench, const bench_series_t *series, const char *suffix,
                         double *value)
{
    unsigned n = series->count;
    double middle = median(value, n), min = value[0], max = value[n - 1];
    char name[64];

    snprintf(name, sizeof(name), "%s%s", series->name, suffix);
    if (bench->json)
        printf("{\"bench\": \"%s\", \"case\": \"%s\", \"peer\": \"%s\", \"workers\": %u, "
               "\"unit\": \"%s\", \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"runs\": %u}\n",
               bench->name, name, series->peer, bench->workers, series->unit, middle, min, max, n);
    else
        printf("%-10s %-20s %-4s %3u %12.4g %-6s (%.4g .. %.4g, %u runs)\n", bench->name, name,
               series->peer, bench->workers, middle, series->unit, min, max, n);
}

void bench_report(const bench_t *bench, bench_series_t *series)
{
    print_figure(bench, series, "", series->value);
    if (series->has_cpu)
        print_figure(bench, series, "-cpu", series->cpu);
    fflush(stdout);
    series->count = 0;
}

/* ---- threads and processes ---- */

void bench_pin(unsigned index)
{
    unsigned left = index % (unsigned)CPU_COUNT(&all_cpus);
    cpu_set_t one;
    int cpu = 0;

    while (!CPU_ISSET(cpu, &all_cpus) || left-- > 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof(one), &one) < 0)
        bench_fail("cannot pin a thread to processor %d", cpu);
}

void bench_unpin(void)
{
    if (sched_setaffinity(0, sizeof(all_cpus), &all_cpus) < 0)
        bench_fail("cannot let a thread go");
}

pid_t bench_fork(void (*work)(void *arg, int fd), void *arg, int *fd)
{
    int ends[2];
    pid_t child;

    fflush(stdout); /* or both of us would print it */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 || (child = fork()) < 0)
        bench_fail("cannot start a process: %m");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        work(arg, ends[1]);
        _exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    *fd = ends[0];
    return child;
}

void bench_kill(pid_t child, int fd)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(fd);
}

typedef struct apart {
    void (*work)(void *arg, void *result);
    void *arg;
    void *result;
    size_t size;
} apart_t;

static void work_apart(void *arg, int fd)
{
    apart_t *apart = arg;

    apart->work(apart->arg, apart->result);
    if (write(fd, apart->result, apart->size) != (ssize_t)apart->size)
        bench_fail("cannot write a result: %m");
}

void bench_apart(void (*work)(void *arg, void *result), void *arg, void *result, size_t size)
{
    apart_t apart = {work, arg, result, size};
    int fd;
    pid_t child = bench_fork(work_apart, &apart, &fd);

    if (recv(fd, result, size, MSG_WAITALL) != (ssize_t)size)
        bench_fail("a process ended without a result");
    bench_kill(child, fd);
}
