/* SPDX-License-Identifier: MIT */
/*
 * pair: what the C half of a pair needs beside weft: to run, and to say what Python says.
 *
 * A pair is one small program twice, NAME.py for asyncio and NAME.c for weft, read side by side;
 * what they print must be the same, byte for byte. What Debian's Python is too old for has
 * NAME.expected instead, and NAME.c says where that comes from.
 *
 * The last line is PAIR(amain, 1) if asyncio's order of steps is part of what is printed, and
 * PAIR(amain, 4) if it is not: then the program runs with four workers too.
 */
#ifndef TESTS_ASYNCIO_PAIRS_PAIR_H
#define TESTS_ASYNCIO_PAIRS_PAIR_H

#include <stdio.h>
#include <stdlib.h>
#include <weft.h>

#define PAIR(coro, most)                                                                           \
    PAIR_PLAIN(weft_run(weft_coro(&coro, NULL), NULL, .workers = workers), most)

/* For programs that do not begin with run(): an expression with `workers` in it. */
#define PAIR_PLAIN(program, most)                                                                  \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        unsigned workers = argc > 1 ? (unsigned)atoi(argv[1]) : (most);                            \
        return (program) < 0;                                                                      \
    }

/* What an exception that nobody catches does: it leaves the function. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        int try_rc = (call);                                                                       \
        if (try_rc < 0)                                                                            \
            return try_rc;                                                                         \
    } while (0)

#define VALUE(number) ((void *)(intptr_t)(number))
#define NUMBER(value) ((int)(intptr_t)(value))

static inline const char *truth(bool condition)
{
    return condition ? "True" : "False";
}

/* The name of the exception that [rc] is. */
static inline const char *name_of(int rc)
{
    switch (rc) {
    case -ECANCELED:
        return "CancelledError";
    case -ETIMEDOUT:
        return "TimeoutError";
    case -EINVAL:
        return "ValueError";
    case -EPROTOTYPE:
        return "TypeError";
    case -ECONNREFUSED:
        return "ConnectionRefusedError";
    case -EDOM:
        return "ZeroDivisionError";
    case -ENOENT:
        return "KeyError";
    case -EPERM:
    case -EBUSY:
    case -EALREADY:
    case -EDEADLK:
    case -ESHUTDOWN:
    case WEFT_ESTOPPED:
        return "RuntimeError";
    case WEFT_EINVALIDSTATE:
        return "InvalidStateError";
    case WEFT_EQUEUEEMPTY:
        return "QueueEmpty";
    case WEFT_EQUEUEFULL:
        return "QueueFull";
    case WEFT_EQUEUESHUTDOWN:
        return "QueueShutDown";
    case WEFT_EGROUP:
        return "ExceptionGroup";
    default:
        return rc < 0 ? weft_strerror(rc) : "None";
    }
}

#endif
