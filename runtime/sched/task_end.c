/* SPDX-License-Identifier: MIT */
#include "weft/strand.h"
#include "runtime/core/waiters.h"
#include "runtime/sched/cancel.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/message.h"
#include "runtime/sched/report.h"
#include "runtime/sched/suspend.h"

/* What is pending at the end is delivered by it: the task is cancelled, its value is lost; but an
 * error is not (asyncio's rule). What was delivered and is neither passed on nor taken back was
 * swallowed: perhaps on purpose. */
void weft__task_finish(struct weft_awaitable *task, int error)
{
    struct weft_strand *strand = task->strand;
    uintptr_t newest = weft__word_lock(task);

    WEFT__ASSERT(newest != WEFT__WORD_DONE, "a task ended twice");
    /* relaxed: tokens are put under this lock only. */
    uint64_t tokens = weft__load_relaxed(&task->tokens);
    bool swallowed = false;
    if (weft__unlikely(tokens != 0) && error >= 0) {
        swallowed = !weft__tokens_pending(tokens) && weft__tokens_count(tokens) > 0;
        if (weft__tokens_pending(tokens)) {
            error = -ECANCELED;
            weft__error_set(task, weft__message_take(task));
        }
    }
    if (weft__unlikely(error < 0))
        task->result = NULL;
    weft__task_keep_number(task);
    task->error = error < 0 ? error : 0;
    /* task->strand stays as it is, to be compared by an await that comes late, never to be
     * followed. */
    weft__word_complete(task, newest, NULL);
    /* Not before: the handler may look at the task, which is not locked any more. */
    if (weft__unlikely(error < 0 && error != -ECANCELED && (task->flags & WEFT__TASK_DETACHED)))
        weft__report_error(task->loop, "a detached task failed", error, task);
    if (weft__unlikely(swallowed) && weft__load_relaxed(&task->loop->debug)) /* relaxed: a switch */
        weft__report_error(task->loop,
                           "a cancellation was swallowed: neither returned, nor taken "
                           "back by weft_uncancel",
                           0, task);
    weft_strand_unref(strand);
    weft__awaitable_unref(task, 1);
}
