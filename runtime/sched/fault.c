/* SPDX-License-Identifier: MIT */
#include "runtime/sched/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/core/task.h"

enum { ALTERNATE_BYTES = 64 * 1024 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned users;
static struct sigaction before;

/* Async-signal-safe: reads the name that there is, makes none. */
static void say(const struct weft__stack *stack)
{
    const struct weft_awaitable *task = stack->task;
    const struct weft__extra *extra = task ? weft__extra(task) : NULL;
    const char *name = "?";
    char line[256];
    int length;

    if (task && task->fn)
        name = extra && extra->name ? extra->name : task->fn->name;
    length = snprintf(line, sizeof line,
                      "weft: stack overflow in task %s, whose stack has %u KiB; give it more by "
                      ".stack_size of weft_create_task or by WEFT_CORO_STACK\n",
                      name, stack->size / 1024);
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
        return;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct weft__stack *stack = weft__stack_of_fault(info->si_addr);

    if (stack)
        say(stack);
    else if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(signal, info, context);
        return;
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(signal);
        return;
    }
    /* The instruction is repeated, and now ends the process. */
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(signal, &standard, NULL);
}

int weft__fault_install(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    int rc = 0;

    pthread_mutex_lock(&mutex);
    if (users == 0 && sigaction(SIGSEGV, &action, &before) < 0)
        rc = -errno;
    else
        users++;
    pthread_mutex_unlock(&mutex);
    return rc;
}

void weft__fault_remove(void)
{
    struct sigaction now;

    pthread_mutex_lock(&mutex);
    if (--users == 0 && sigaction(SIGSEGV, NULL, &now) == 0 && now.sa_sigaction == on_signal)
        sigaction(SIGSEGV, &before, NULL);
    pthread_mutex_unlock(&mutex);
}

int weft__fault_enter_thread(void **memory)
{
    stack_t now, ours = {.ss_size = ALTERNATE_BYTES};

    *memory = NULL;
    if (sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_DISABLE))
        return 0; /* the thread has its own */
    ours.ss_sp = malloc(ALTERNATE_BYTES);
    if (!ours.ss_sp)
        return -ENOMEM;
    if (sigaltstack(&ours, NULL) < 0) {
        free(ours.ss_sp);
        return -errno;
    }
    *memory = ours.ss_sp;
    return 0;
}

void weft__fault_leave_thread(void *memory)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    if (!memory)
        return;
    sigaltstack(&none, NULL);
    free(memory);
}
