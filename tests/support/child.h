/* SPDX-License-Identifier: MIT */
/* child: runs a function in a child process and catches what it writes to standard error. */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __has_feature
#define CHILD_TSAN __has_feature(thread_sanitizer)
#elif defined(__SANITIZE_THREAD__)
#define CHILD_TSAN 1
#else
#define CHILD_TSAN 0
#endif

/* ThreadSanitizer otherwise ends a child of a process with threads that starts some of its own. */
const char *__tsan_default_options(void);
__attribute__((visibility("default"), used)) const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

/* The runtimes of gcc 12's and clang 14's ASan do not hold their own locks over a fork: beside
 * other threads the child may wait for one of them at its first malloc, for ever. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define CHILD_MOST_WORKERS 1
#else
#define CHILD_MOST_WORKERS 4
#endif

struct child {
    int status; /* as of waitpid */
    char text[4096];
};

static inline bool child_run(struct child *child, void (*body)(void))
{
    int ends[2];
    size_t length = 0;
    ssize_t n;

    memset(child, 0, sizeof *child);
    fflush(NULL);
    if (pipe(ends) < 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        signal(SIGINT, SIG_DFL);
        body();
        _exit(0);
    }
    close(ends[1]);
    while ((n = read(ends[0], child->text + length, sizeof child->text - 1 - length)) != 0) {
        if (n < 0 && errno != EINTR)
            break;
        length += n > 0 ? (size_t)n : 0;
    }
    close(ends[0]);
    return pid > 0 && waitpid(pid, &child->status, 0) == pid;
}

static inline bool child_exited(const struct child *child, int code)
{
    return WIFEXITED(child->status) && WEXITSTATUS(child->status) == code;
}

static inline bool child_was_killed(const struct child *child, int number)
{
    return WIFSIGNALED(child->status) && WTERMSIG(child->status) == number;
}

#endif
