/* SPDX-License-Identifier: MIT */
/*
 * taskgroup: tasks that end together, before their group is left.
 *
 *     weft_taskgroup_t tg;
 *     int rc = weft_taskgroup_enter(&tg);
 *     if (rc < 0)
 *         return rc;
 *     rc = weft_taskgroup_create_task(&tg, weft_coro(&fetch, url), NULL);
 *     if (rc == 0)
 *         rc = do_something();
 *     return weft_taskgroup_exit(&tg, rc);
 *
 * What stands between enter and exit is the body. When a task of the group or the body fails, all
 * others are cancelled, the body by a cancel of its task; exit waits for all of them, and gives
 * WEFT_EGROUP, with all their errors in weft_last_error. A task that ends cancelled is no failure.
 * -EINTR and -ESHUTDOWN, which end programs, come out as they are (Python's KeyboardInterrupt and
 * SystemExit).
 *
 * The object is the caller's, on its stack, must not move, and must not be left without exit. It
 * may be entered again afterwards. Tasks may be given its address as long as they are in it.
 *
 * Cancelling is asyncio's here as everywhere: each task is cancelled once, and exit waits for one
 * that goes on in spite of it.
 */
#ifndef WEFT_TASKGROUP_H
#define WEFT_TASKGROUP_H

#include "weft/task.h"

typedef struct weft_task_group {
    unsigned char opaque[192];
} __attribute__((aligned(16))) weft_taskgroup_t;

typedef struct weft_task_group_options {
    size_t size;
    weft_strand_t *strand; /* of its tasks that name none and are not pinned (strand.h); default:
                              their creator's */
} weft_taskgroup_opts_t;

WEFT_BEGIN

/* Opens the group.
 * Call from    a task, else -EPERM
 * Returns      0; -ENOMEM (then there is no group to leave); -EALREADY (this object is open; it
 *              stays as it is); -EXDEV (a strand of another loop)
 * Python       async with asyncio.TaskGroup() as tg */
#define weft_taskgroup_enter(tg, ...)                                                              \
    weft_taskgroup_enter_opts(                                                                     \
        (tg), &(weft_taskgroup_opts_t){.size = sizeof(weft_taskgroup_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_taskgroup_enter_opts(weft_taskgroup_t *tg,
                                                 const weft_taskgroup_opts_t *opts);

/* Starts [coro] as a task of the group; options as of weft_create_task, but for .detached. *task
 * gets a new reference; NULL: none is wanted.
 * Call from    the body, and tasks of the group, also while exit waits for them
 * Steals       [coro]; when it is refused, it is closed
 * Returns      0; WEFT_EINVALIDSTATE (the group is not open, or is ending: cancelled, or something
 *              failed); as weft_create_task, -EXDEV (or a task of another loop asks), -EINVAL
 *              (.detached), -ENOMEM. Then *task is left alone
 * Python       tg.create_task(coro, name=...) */
#define weft_taskgroup_create_task(tg, coro, task, ...)                                            \
    weft_taskgroup_create_task_opts(                                                               \
        (tg), (coro), (task), &(weft_task_opts_t){.size = sizeof(weft_task_opts_t), __VA_ARGS__})
WEFT_API int weft_taskgroup_create_task_opts(weft_taskgroup_t *tg, weft_coro_t *coro,
                                             weft_task_t **task, const weft_task_opts_t *opts);

/* Ends the group early: its tasks and its body are cancelled, and exit gives no error for that.
 * Idempotent. Before enter it strikes at enter (so an object that was cancelled and not entered is
 * to be zeroed before its memory serves another); after exit it does nothing.
 * Call from    the body, and tasks of the group; anywhere else as long as the object is there
 * Python       tg.cancel(), of 3.15 */
WEFT_API void weft_taskgroup_cancel(weft_taskgroup_t *tg);

/* Waits for all tasks of the group and leaves it. [rc] is what the body returned; if it is an
 * error, the tasks are cancelled. If the caller is cancelled while it waits, so are they.
 * Call from    the task that entered
 * Suspends     if tasks are left
 * Returns      [rc] if nothing went wrong (0 if the body was ended by weft_taskgroup_cancel);
 *              WEFT_EGROUP; -ECANCELED (the caller was cancelled, and nothing failed; if something
 *              did, it is cancelled again at its next await); -EINTR, -ESHUTDOWN; -EPERM (it is not
 *              open here) */
WEFT_API WEFT_MUST int weft_taskgroup_exit(weft_taskgroup_t *tg, int rc);

WEFT_END
#endif
