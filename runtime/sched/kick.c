/* SPDX-License-Identifier: MIT */
#include "runtime/sched/kick.h"

#include <pthread.h>
#include <signal.h>

#include "runtime/sched/worker.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned users;
static struct sigaction before;

static void on_signal(int signal, siginfo_t *info, void *context)
{
    struct weft__worker *worker = weft__self();

    if (worker && worker->driver)
        worker->driver->class->kicked(worker->driver);
    else if (before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(signal, info, context);
    else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
        before.sa_handler(signal);
}

int weft__kick_install(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    int rc = 0;

    sigfillset(&action.sa_mask);
    pthread_mutex_lock(&mutex);
    if (users == 0 && sigaction(SIGURG, &action, &before) < 0)
        rc = -errno;
    else
        users++;
    pthread_mutex_unlock(&mutex);
    return rc;
}

void weft__kick_remove(void)
{
    struct sigaction now;

    pthread_mutex_lock(&mutex);
    if (--users == 0 && sigaction(SIGURG, NULL, &now) == 0 && now.sa_sigaction == on_signal)
        sigaction(SIGURG, &before, NULL);
    pthread_mutex_unlock(&mutex);
}
