/* SPDX-License-Identifier: MIT */
/*
 * task: coroutine functions, coroutine objects, tasks.
 *
 * One kind of object, weft_awaitable_t, is a coroutine object until it is started, a task from then
 * on, and a task is a future. It is reference-counted; any thread may hold and drop references.
 * What an object is, is known at run time: weft_iscoroutine, weft_isfuture.
 *
 * A call that returns an object never returns NULL: when it fails, it returns a static object that
 * has failed already with the reason (-ENOMEM, -ESHUTDOWN, ...). To await, join, cancel, ref and
 * unref it is legal and gives that error. So calls nest without checks:
 *     int rc = weft_join(weft_create_task(weft_coro(&work, arg)), &value);
 *
 * "Steals" means: the reference is the callee's from the call on, also when the call fails.
 */
#ifndef WEFT_TASK_H
#define WEFT_TASK_H

#include "weft/export.h"

typedef struct weft_awaitable weft_awaitable_t;
typedef weft_awaitable_t weft_coro_t;   /* a coroutine object: not started, single use */
typedef weft_awaitable_t weft_future_t; /* a one-shot result */
typedef weft_awaitable_t weft_task_t;   /* a started coroutine; is a future */
typedef struct weft_loop weft_loop_t;
typedef struct weft_strand weft_strand_t;
typedef struct weft_context weft_context_t; /* values of variables: weft/contextvar.h */

/* The body of a coroutine, and of what weft_to_thread calls: its error is what it returns (0 or
 * more: none), its result is what it leaves in *result, which is never NULL and holds NULL at the
 * start. */
typedef int (*weft_fn_t)(void *arg, void **result);

/* A coroutine function: what WEFT_CORO defines. */
typedef struct weft_corofn {
    weft_fn_t body;
    const char *name;
    const char *where;   /* "file.c:12" */
    uint32_t stack_size; /* bytes, 0: the default of 64 KiB */
    uint32_t magic;
} weft_corofn_t;

#define WEFT_COROFN_MAGIC 0x54464557u

/* Defines a coroutine function. Its body sees `void *arg` and `void **result`:
 *     WEFT_CORO(square) { *result = (void *)((intptr_t)arg * (intptr_t)arg); return 0; } */
#define WEFT_CORO(name_) WEFT_CORO_STACK(name_, 0)
#define WEFT_CORO_STACK(name_, stack_size_)                                                        \
    static int name_##__body(void *arg, void **result);                                            \
    static const weft_corofn_t name_ = {name_##__body, #name_, WEFT_HERE, (stack_size_),           \
                                        WEFT_COROFN_MAGIC};                                        \
    static int name_##__body(__attribute__((unused)) void *arg,                                    \
                             __attribute__((unused)) void **result)

WEFT_BEGIN

/* A coroutine object: [fn] with [arg], not started. Needs no loop. The caller keeps what arg points
 * to alive until the body is done.
 * Returns      a new reference; a failed object (-ENOMEM; -EPROTOTYPE if [fn] is no coroutine
 *              function)
 * Python       fn(arg) */
#define weft_coro(fn, arg) weft_coro_at((fn), (arg), WEFT_HERE)
WEFT_API weft_coro_t *weft_coro_at(const weft_corofn_t *fn, void *arg, const char *where);

/* The same with a copy of the [size] bytes at [arg], which lives as long as the object. */
#define weft_coro_copy(fn, ...)                                                                    \
    weft_coro_copy_at((fn), __VA_ARGS__, WEFT_HERE) /* fn, arg, size                               \
                                                     */
WEFT_API weft_coro_t *weft_coro_copy_at(const weft_corofn_t *fn, const void *arg, size_t size,
                                        const char *where);

/* Steals and ends [coro] without having run it: no report that it was never awaited.
 * Python       coro.close() */
WEFT_API void weft_coro_close(weft_coro_t *coro);

/* Whether [object] is a coroutine object that was not used yet. NULL is none. It must be NULL or an
 * object of weft. Python's asyncio.iscoroutine(). */
WEFT_API bool weft_iscoroutine(const void *object);

/* Whether [object] is a future or a task. Python's asyncio.isfuture(). */
WEFT_API bool weft_isfuture(const void *object);

#ifndef __cplusplus
/* Whether [fn] is what WEFT_CORO defines: known to the compiler. Python's
 * asyncio.iscoroutinefunction(). */
#define weft_iscoroutinefunction(fn)                                                               \
    _Generic((fn), const weft_corofn_t * : true, weft_corofn_t * : true, default : false)
#endif

/* One reference more; returns [aw]. NULL is allowed. */
WEFT_API weft_awaitable_t *weft_ref(weft_awaitable_t *aw);

/* One reference less. NULL is allowed. In debug mode the last one of a coroutine that was never
 * awaited says so; the last one of a future or task whose error nobody looked at (by an await,
 * weft_result, weft_exception) calls the exception handler, unless it was cancelled once it was
 * done. */
WEFT_API void weft_unref(weft_awaitable_t *aw);

#define WEFT_PARALLEL ((weft_strand_t *)-1) /* leave the creator's strand */

/* Whether a task makes its first step inside create_task. Default: no, unless the loop's task
 * factory says so. */
enum { WEFT_EAGER_DEFAULT, WEFT_EAGER_ON, WEFT_EAGER_OFF };

typedef struct weft_task_options {
    size_t size;
    const char *name;    /* copied; default: "Task-N", numbered as tasks without one are created */
    uint32_t stack_size; /* bytes, at most 8 MiB; default: that of the coroutine function */
    bool detached; /* no reference comes back (NULL); an error goes to the exception handler */
    bool pinned;   /* stays on the worker that creates it; not together with a strand */
    weft_strand_t *strand;   /* of this loop; default: the creator's; WEFT_PARALLEL: none */
    int eager_start;         /* WEFT_EAGER_...; or true */
    weft_context_t *context; /* shared with others; default: the values that its creator sees now */
} weft_task_opts_t;

/* Starts [coro] as a task of the running loop. It begins to run when a worker gets to it: with one
 * worker, not before the caller suspends.
 * With .eager_start it runs at once, on this worker, as another current task, until it suspends for
 * the first time or is over; only then the call returns, maybe with a task that is done. It has a
 * stack of its own as any, so eager tasks that start eager tasks do not run out of the caller's.
 * Where that cannot be, it begins as others do: outside of the loop's run, in another strand than
 * the caller's, and in exception handlers. Code that relies on the order of steps may find it
 * changed.
 * Call from    a task or a callback of a loop
 * Steals       [coro]
 * Returns      a new reference; a failed object: -EPERM (no running loop; the coroutine is closed),
 *              -ESHUTDOWN, -EALREADY (used before), -EPROTOTYPE (no coroutine), -EINVAL (a stack
 *              size over 8 MiB; pinned, and a strand), -EXDEV (a strand of another loop), -ENOMEM,
 *              or what the loop's task factory fails with. With .detached: NULL, and -errors go to
 *              the exception handler
 * Python       asyncio.create_task(coro, name=..., eager_start=...) */
#define weft_create_task(coro, ...)                                                                \
    weft_create_task_opts(                                                                         \
        (coro), sizeof(#__VA_ARGS__) == 1 /* none: then none are written for each */               \
                    ? NULL                                                                         \
                    : &(weft_task_opts_t){.size = sizeof(weft_task_opts_t), __VA_ARGS__})
WEFT_API weft_task_t *weft_create_task_opts(weft_coro_t *coro, const weft_task_opts_t *opts);

/* Waits until [aw] is done and gives its result. A coroutine object runs here, in the caller's
 * task.
 * Call from    a task (else -EPERM) of the same loop (else -EXDEV)
 * Suspends     yes, unless it is done; the caller's cancellation is passed on to [aw]
 * Returns      what [aw] returned (0 or more as 0), with *result set (result may be NULL);
 *              -ECANCELED the caller or [aw] was cancelled; -EDEADLK it is the caller itself;
 *              -EALREADY a coroutine that was used before
 * Python       await aw */
WEFT_API WEFT_MUST int weft_await(weft_awaitable_t *aw, void **result);

/* weft_await, then weft_unref: steals [aw]. */
WEFT_API WEFT_MUST int weft_join(weft_awaitable_t *aw, void **result);

/* Asks [aw] to end. A task is interrupted at its next await, which returns -ECANCELED; it may clean
 * up, and may go on. One that ends before it awaits is cancelled, unless with an error, which
 * stays. A task that did not begin never runs its body. A future ends at once.
 * Returns      true: asked; false: it is done (nothing happened, but that its error is not told to
 *              the exception handler any more), or NULL
 * Python       aw.cancel() */
WEFT_API bool weft_cancel(weft_awaitable_t *aw);

/* The same with a message (copied; it is lost when out of memory), which whoever gets the
 * -ECANCELED, the task itself or who awaits it, finds by weft_error_message(weft_last_error()). A
 * later cancel that comes before the task has seen this one replaces it.
 * Python       aw.cancel(msg), of which, if the task waits, the first one counts */
WEFT_API bool weft_cancel_message(weft_awaitable_t *aw, const char *message);

/* How many cancel requests [task] has had that were not taken back. Python's task.cancelling(). */
WEFT_API int weft_cancelling(const weft_task_t *task);

/* Takes one request back; at zero a request that was not delivered yet is withdrawn.
 * Returns      what is left. Python's task.uncancel(). */
WEFT_API int weft_uncancel(weft_task_t *task);

/* Whether it is over: returned, failed or cancelled. */
WEFT_API bool weft_done(const weft_awaitable_t *aw);

/* Whether it is done and ended with -ECANCELED. */
WEFT_API bool weft_cancelled(const weft_awaitable_t *aw);

/* The outcome, without waiting: 0 with *result set (may be NULL), its error, or WEFT_EINVALIDSTATE
 * when it is not done. Python's future.result(). */
WEFT_API int weft_result(weft_awaitable_t *aw, void **result);

/* Its error (0: none), or WEFT_EINVALIDSTATE. Python's future.exception(). */
WEFT_API int weft_exception(weft_awaitable_t *aw);

/* The task that is running here, borrowed; NULL in callbacks and outside. Python's
 * current_task(). */
WEFT_API weft_task_t *weft_current_task(void);

/* All tasks of [loop] that are not done, as *count new references in a malloc'd array *tasks
 * (weft_unref each, then free it). NULL: the running loop.
 * Returns      0, -EPERM (no loop), -ENOMEM
 * Python       asyncio.all_tasks(loop) */
WEFT_API WEFT_MUST int weft_all_tasks(weft_loop_t *loop, weft_task_t ***tasks, size_t *count);

/* Copies the name into [buffer], always terminated. Returns its whole length. Python's
 * task.get_name(). */
WEFT_API size_t weft_get_name(weft_task_t *task, char *buffer, size_t size);

/* Gives it a name (copied). Returns 0, -ENOMEM, -EPROTOTYPE. Python's task.set_name(). */
WEFT_API int weft_set_name(weft_task_t *task, const char *name);

WEFT_END
#endif
