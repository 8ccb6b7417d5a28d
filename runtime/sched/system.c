/* SPDX-License-Identifier: MIT */
#include "runtime/sched/system.h"

#include <string.h>
#include <stdio.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/thread_local.h"
#include "runtime/core/sanitizer.h"

#define NAME_MAX_BYTES 15 /* the kernel's limit for the name of a thread */

static int64_t now(void)
{
    return weft__clock_now();
}

struct start {
    void (*fn)(void *arg);
    void *arg;
    sigset_t mask; /* of the program's own thread */
    char name[NAME_MAX_BYTES + 1];
};

static void *run(void *argument)
{
    struct start start = *(struct start *)argument;

    free(argument);
    weft__thread_local()->mask = &start.mask;
    pthread_setname_np(pthread_self(), start.name);
    start.fn(start.arg);
    return NULL;
}

/* All but the kick and what a fault raises: a blocked fault would kill without a word. */
static void blocked_in_threads(sigset_t *set)
{
    static const int open[] = {SIGURG, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};

    sigfillset(set);
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        sigdelset(set, open[i]);
}

/* The new thread inherits the caller's mask, so the caller wears it while it starts the thread: at
 * no instruction can a signal of the process's be delivered to the new one. */
static int create(pthread_t *thread, struct start *start)
{
    sigset_t mask, before;

    blocked_in_threads(&mask);
    int error = pthread_sigmask(SIG_SETMASK, &mask, &before);
    if (error)
        return error;
    start->mask = weft__thread_local()->mask ? *weft__thread_local()->mask : before;
    error = pthread_create(thread, NULL, run, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static int thread_start(weft__thread *thread, const char *name, void (*fn)(void *arg), void *arg)
{
    pthread_t created;
    struct start *start = calloc(1, sizeof(*start));

    if (!start)
        return -ENOMEM;
    start->fn = fn;
    start->arg = arg;
    for (size_t i = 0; i < NAME_MAX_BYTES && name[i]; i++)
        start->name[i] = name[i];
    int error = create(&created, start);
    if (error) {
        free(start);
        return -error;
    }
    *thread = (weft__thread)created;
    return 0;
}

static void thread_join(weft__thread thread)
{
    int error = pthread_join((pthread_t)thread, NULL);

    WEFT__ASSERT(error == 0, "a thread that cannot be joined");
}

static weft__thread thread_self(void)
{
    return (weft__thread)pthread_self();
}

static void kick(weft__thread thread)
{
    /* The thread is alive, so this cannot fail but for a full queue of real-time signals: not
     * SIGURG. */
    pthread_kill((pthread_t)thread, SIGURG);
}

/* Absolute on CLOCK_MONOTONIC, which is what FUTEX_WAIT_BITSET takes: nothing to correct after an
 * interruption, and no clock to read. */
static bool wait(_Atomic(uint32_t) *word, uint32_t value, int64_t deadline)
{
    if (deadline < 0)
        deadline = 0;
    struct timespec at = {.tv_sec = deadline / 1000000000, .tv_nsec = deadline % 1000000000};
    long error = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
                         deadline == INT64_MAX ? NULL : &at, NULL, FUTEX_BITSET_MATCH_ANY);

    if (error < 0 && errno == EINTR)
        weft__san_signals();
    /* Woken, interrupted, or not equal any more (EAGAIN): the caller looks at the word again. */
    return error == 0 || errno != ETIMEDOUT;
}

static void wake_all(_Atomic(uint32_t) *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static unsigned threads(void)
{
    char text[4096], *line = NULL;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    unsigned count;

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    line = strstr(text, "\nThreads:");
    return line && sscanf(line, "\nThreads: %u", &count) == 1 ? count : UINT_MAX;
}

const struct weft__system weft__system_posix = {
    .now = now,
    .thread_start = thread_start,
    .thread_join = thread_join,
    .thread_self = thread_self,
    .kick = kick,
    .threads = threads,
    .wait = wait,
    .wake_all = wake_all,
};
