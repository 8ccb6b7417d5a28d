/* SPDX-License-Identifier: MIT */
/*
 * replay: a randomised program says how to repeat its run also when it is ended from outside of its
 * own checks: by an assert of the library, a fault, a sanitizer's report, a time limit.
 */
#ifndef WEFT_TESTS_REPLAY_H
#define WEFT_TESTS_REPLAY_H

#include <signal.h>
#include <stddef.h>

#include "runtime/base/base.h"

#if defined(WEFT__ASAN) || defined(WEFT__TSAN)
#include <sanitizer/common_interface_defs.h>
#endif

/* Says why, and the replay line. Also in the handler of a signal: no stream, whose lock may be
 * held. */
static void (*replay_say)(const char *why);

static inline void replay_on_signal(int number)
{
    replay_say(number == SIGALRM || number == SIGTERM ? "the program went on for too long"
                                                      : "the program died");
    signal(number, SIG_DFL);
    raise(number); /* comes when this one is over */
}

static inline void replay_on_death(void)
{
    replay_say("a sanitizer ends the program");
}

#if defined(WEFT__ASAN) && !defined(__clang__)
/* gcc has a library of its own for undefined behaviour, which knows no callback of another. */
void __ubsan_on_report(void);
__attribute__((visibility("default"), used)) void __ubsan_on_report(void)
{
    replay_say("undefined behaviour");
}
#endif

static inline void replay_begin(void (*say)(const char *why))
{
    static const int numbers[] = {
#ifndef WEFT__ASAN /* it reports these itself */
        SIGBUS,  SIGFPE,  SIGSEGV,
#endif
#ifndef WEFT__TSAN /* it keeps a signal back, maybe for ever; this one must end the program */
        SIGTERM,
#endif
        SIGABRT, SIGALRM, SIGILL,  SIGTRAP};
    const struct sigaction action = {.sa_handler = replay_on_signal, .sa_flags = SA_ONSTACK};

    replay_say = say;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
#if defined(WEFT__ASAN) || defined(WEFT__TSAN)
    __sanitizer_set_death_callback(replay_on_death);
#endif
}

#endif
