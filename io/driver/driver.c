/* SPDX-License-Identifier: MIT */
/*
 * driver: which driver a new loop uses.
 *
 * WEFT_DRIVER names one; else it is the first of the list that works here. To work is to open: a
 * driver that opens has asked the kernel for all that it needs. What came of it is kept, so that it
 * is asked once in the life of a process and not for every loop. Two threads that ask at the same
 * time may both open one, with the same result.
 *
 * With WEFT_DEBUG=1 it is said on standard error which driver was taken and why. That none works
 * here is said always: no program can go on then, and "Operation not permitted" alone explains
 * nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/environment.h"
#include "runtime/sched/driver.h"
#include "io/driver/uring.h"

#define NOT_PROBED 1

/* The best first. */
static const struct {
    const char *names[2];
    const struct weft__driver_class *class;
} drivers[] = {
    {{"uring", "io_uring"}, &weft__uring_class},
};

#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

/* 0 or -errno, or NOT_PROBED. relaxed throughout: a number, nothing is published with it. */
static _Atomic(int) verdicts[DRIVERS] = {NOT_PROBED};

/* And not how it is now: out of memory or descriptors. */
static bool is_of_this_system(int verdict)
{
    return verdict != -ENOMEM && verdict != -EMFILE && verdict != -ENFILE && verdict != -EAGAIN;
}

static int probe(size_t i)
{
    struct weft__driver *driver;
    int verdict = weft__load_relaxed(&verdicts[i]);

    if (verdict != NOT_PROBED)
        return verdict;
    verdict = drivers[i].class->open(&driver, 0, 1);
    if (verdict == 0)
        drivers[i].class->close(driver);
    if (is_of_this_system(verdict))
        weft__store_relaxed(&verdicts[i], verdict);
    return verdict;
}

static bool is_called(size_t i, const char *name)
{
    for (size_t n = 0; n < 2; n++)
        if (strcmp(drivers[i].names[n], name) == 0)
            return true;
    return false;
}

static void tell(const char *name, const char *why, int verdict)
{
    if (!weft__environment_debug())
        return;
    if (verdict == 0)
        fprintf(stderr, "weft: driver %s (%s)\n", name, why);
    else
        fprintf(stderr, "weft: no driver %s (%s): %s\n", name, why, strerror(-verdict));
}

static int choose(size_t i, const char *why, const struct weft__driver_class **class)
{
    int verdict = probe(i);

    tell(drivers[i].class->name, why, verdict);
    if (verdict == 0)
        *class = drivers[i].class;
    return verdict;
}

int weft__driver_named(const char *name, const struct weft__driver_class **class)
{
    for (size_t i = 0; i < DRIVERS; i++) {
        if (is_called(i, name))
            return choose(i, "asked for by name", class);
    }
    tell(name, "unknown", -ENOTSUP);
    return -ENOTSUP;
}

int weft__driver_choose(const struct weft__driver_class **class)
{
    const char *name = getenv("WEFT_DRIVER");
    int verdict = -EINVAL;

    if (name && *name) {
        verdict = weft__driver_named(name, class);
        return verdict == -ENOTSUP ? -EINVAL : verdict;
    }
    for (size_t i = 0; i < DRIVERS && verdict < 0; i++)
        verdict = choose(i, "the best that works", class);
    if (verdict < 0 && is_of_this_system(verdict))
        fprintf(stderr, "weft: no loop can start on this system: %s: %s\n",
                drivers[DRIVERS - 1].class->name, strerror(-verdict));
    return verdict;
}
