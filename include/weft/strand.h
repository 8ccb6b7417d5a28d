/* SPDX-License-Identifier: MIT */
/*
 * strand: the atomicity between two awaits that code written for one thread relies on.
 *
 * Tasks of one strand never run at the same time, on any number of workers; they interleave at
 * their awaits, in the order in which they became runnable, as all of asyncio's tasks do. A strand
 * is held while one of its tasks runs, never across a suspension. Different strands run in
 * parallel.
 */
#ifndef WEFT_STRAND_H
#define WEFT_STRAND_H

#include "weft/task.h"

WEFT_BEGIN

/* A new strand of the running loop, for .strand of weft_create_task, of task groups and of servers
 * in that loop. In an ordered loop all tasks are serial already, and a strand changes nothing.
 * Call from    a task or a callback
 * Returns      a new reference; NULL when out of memory or outside of a loop (a task created with
 *              it would be in its creator's strand: check it)
 */
WEFT_API weft_strand_t *weft_strand_create(void);

/* One reference more; returns [strand]. */
WEFT_API weft_strand_t *weft_strand_ref(weft_strand_t *strand);

/* One reference less; NULL and WEFT_PARALLEL are allowed. Tasks keep the strand they are in. */
WEFT_API void weft_strand_unref(weft_strand_t *strand);

WEFT_END
#endif
