/* SPDX-License-Identifier: MIT */
/*
 * reports: what the exception handler was told.
 *
 * listen() begins anew in the running loop. The last report is kept whole: its strings as they are,
 * its objects only to be compared, as they may be gone by then.
 */
#ifndef TESTS_SUPPORT_REPORTS_H
#define TESTS_SUPPORT_REPORTS_H

#include "workers.h"

static _Atomic(int) reports;
static weft_exception_context_t report; /* read it when `reports` has changed */

static inline void count_report(weft_loop_t *loop, const weft_exception_context_t *context,
                                void *arg)
{
    (void)loop;
    (void)arg;
    CHECK_INT(context->size, sizeof *context);
    CHECK(context->message != NULL);
    report = *context;
    reports++;
}

static inline void listen(void)
{
    reports = 0;
    weft_loop_set_exception_handler(weft_get_running_loop(), count_report, NULL);
}

#endif
