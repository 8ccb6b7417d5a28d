/* SPDX-License-Identifier: MIT */
#include "runtime/sched/strand.h"

#include <stdlib.h>

#include "weft/strand.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/submit.h"

void weft__strand_init(struct weft_strand *strand, struct weft_loop *loop)
{
    strand->next = 0;
    strand->loop = loop;
    strand->batch = 0;
    weft__store_relaxed(&strand->refs, 1); /* relaxed: not shared yet */
    weft__mpsc_init(&strand->queue);
}

int weft__strand_check(const struct weft_strand *strand, const struct weft_loop *loop)
{
    return !strand || strand == WEFT_PARALLEL || strand->loop == loop ? 0 : -EXDEV;
}

/* The loop's own strand is part of the loop: it is not counted. */
static void ref(struct weft_strand *strand)
{
    if (strand != &strand->loop->strand)
        weft_strand_ref(strand);
}

static void unref(struct weft_strand *strand)
{
    if (strand != &strand->loop->strand)
        weft_strand_unref(strand);
}

/* The loop was closed before the strand's entry could be submitted: we are responsible still, so
 * what others have pushed meanwhile ends here. Returns false if [e] is among it; else the end of
 * the loop had taken it. */
static bool refuse(struct weft_strand *strand, weft__entry e)
{
    weft__entry rest = weft__mpsc_close(&strand->queue);
    bool taken = true;

    while (rest) {
        weft__entry dropped = rest;
        rest = weft__entry_link(rest)->next;
        if (dropped == e)
            taken = false;
        else if (weft__entry_tag(dropped) == WEFT__ENTRY_HANDLE)
            weft__handle_drop(weft__entry_object(dropped));
    }
    unref(strand);
    return taken;
}

bool weft__strand_push(struct weft_strand *strand, weft__entry e)
{
    weft__sim_point("strand push");
    enum weft__mpsc_pushed pushed = weft__mpsc_push(&strand->queue, e);

    if (pushed != WEFT__MPSC_WAS_EMPTY)
        return pushed != WEFT__MPSC_REFUSED;
    /* The entry holds a reference while it is responsible. Until it is submitted nobody runs the
     * step, which holds one too. */
    ref(strand);
    return weft__submit_entry(strand->loop, weft__entry_make(strand, WEFT__ENTRY_STRAND)) ||
           refuse(strand, e);
}

weft__entry weft__strand_next(struct weft_strand *strand)
{
    if (!strand->batch)
        strand->batch = weft__mpsc_take(&strand->queue, WEFT__MPSC_BUSY);
    weft__entry e = strand->batch;
    if (e)
        strand->batch = weft__entry_link(e)->next;
    return e;
}

bool weft__strand_is_empty(struct weft_strand *strand)
{
    return !strand->batch && weft__mpsc_is_empty(&strand->queue);
}

bool weft__strand_claim(struct weft_strand *strand, weft__entry e)
{
    if (!strand->batch)
        strand->batch = weft__mpsc_take(&strand->queue, WEFT__MPSC_BUSY);
    if (strand->batch != e || weft__entry_link(e)->next || !weft__mpsc_is_empty(&strand->queue))
        return false;
    strand->batch = 0;
    return true;
}

void weft__strand_release(struct weft_strand *strand)
{
    weft__sim_point("strand release");
    if (!strand->batch && weft__mpsc_release(&strand->queue)) {
        unref(strand);
        return;
    }
    weft__submit_entry(strand->loop, weft__entry_make(strand, WEFT__ENTRY_STRAND));
}

weft_strand_t *weft_strand_create(void)
{
    struct weft__worker *worker = weft__self();
    struct weft_strand *strand = worker ? malloc(sizeof *strand) : NULL;

    if (strand)
        weft__strand_init(strand, worker->loop);
    return strand;
}

weft_strand_t *weft_strand_ref(weft_strand_t *strand)
{
    if (strand && strand != WEFT_PARALLEL)
        weft__fetch_add_relaxed(&strand->refs, 1); /* relaxed: the caller holds one */
    return strand;
}

void weft_strand_unref(weft_strand_t *strand)
{
    if (!strand || strand == WEFT_PARALLEL)
        return;
    /* acq_rel: the last one sees what all others did. */
    if (weft__fetch_sub_acq_rel(&strand->refs, 1) == 1)
        free(strand);
}
