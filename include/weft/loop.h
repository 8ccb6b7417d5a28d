/* SPDX-License-Identifier: MIT */
/*
 * loop: N workers that share work; what asyncio calls an event loop.
 *
 * Worker 0 is the thread that runs the loop, the others start with the first run and sleep between
 * two runs. A loop is reference-counted: who holds a reference may call it from any thread, at any
 * time; after close its calls say -ESHUTDOWN.
 *
 * A child of fork() has no loop: the calls of those that its parent has say -ESHUTDOWN. It may make
 * new ones. Forked out of a task it may run on until exec; at the end of that task's body it ends
 * by _exit, with status 0, or 1 if the body returns an error. No code of another task runs in it,
 * not even of one that awaits the task that forked.
 */
#ifndef WEFT_LOOP_H
#define WEFT_LOOP_H

#include "weft/error.h"
#include "weft/run.h"
#include "weft/task.h"
#include "weft/time.h"

typedef struct weft_handle weft_handle_t; /* a scheduled callback */
typedef void (*weft_callback_t)(void *arg);

/* Makes [coro], which it steals, a task, by weft_new_task_opts with these options or others, and
 * returns what that returns. (Python's may return any future. Here a coroutine object becomes the
 * task itself: another one is refused by -EPROTOTYPE.) */
typedef weft_task_t *(*weft_task_factory_t)(weft_loop_t *loop, weft_coro_t *coro,
                                            const weft_task_opts_t *opts, void *arg);

/* What an exception handler is told: asyncio's keys. Strings and objects are borrowed for the call,
 * each may be NULL but for the message; size comes first. weft_ref keeps the future, and with it
 * its name, its details and where it was created. There is no key for what C has not (asyncgen),
 * and a stream is not named: its task is. */
typedef struct weft_exception_context {
    size_t size;
    const char *message;
    int error;                   /* exception; 0: none */
    const weft_error_t *details; /* what is known of it beside its code */
    weft_awaitable_t *future;    /* that it is about: a coroutine, a future or a task */
    weft_task_t *task;           /* the same, if it is a task */
    weft_handle_t *handle;       /* of a callback that took long; one here raises nothing */
    int socket;                  /* the descriptor that cannot be accepted from; 0: none */
    const char *where;           /* source_traceback: where the future was created, "file.c:12" */
} weft_exception_context_t;
typedef void (*weft_exception_handler_t)(weft_loop_t *loop, const weft_exception_context_t *context,
                                         void *arg);

WEFT_BEGIN

/* ---- life ---- */

/* A new loop, not running, not set as this thread's current one; made by the policy
 * (weft/policy.h). Options as of weft_run, but for the factory.
 * Returns      0 with a new reference in *loop, -EINVAL, -ENOMEM, errors of the system, -ENOTSUP
 *              (the policy asks for what this version has not)
 * Python       asyncio.new_event_loop() */
#define weft_new_event_loop(loop, ...)                                                             \
    weft_new_event_loop_opts((loop),                                                               \
                             &(weft_run_opts_t){.size = sizeof(weft_run_opts_t), __VA_ARGS__})
WEFT_API WEFT_MUST int weft_new_event_loop_opts(weft_loop_t **loop, const weft_run_opts_t *opts);

WEFT_API weft_loop_t *weft_loop_ref(weft_loop_t *loop);

/* One reference less; NULL is allowed. The last one of a loop that was not closed closes it, and in
 * debug mode tells its exception handler so: then it is not for a call in the loop's default
 * executor either. */
WEFT_API void weft_loop_unref(weft_loop_t *loop);

/* The loop whose task or callback this is, borrowed; NULL outside. asyncio.get_running_loop(). */
WEFT_API weft_loop_t *weft_get_running_loop(void);

/* The running loop, else the one this thread has set, borrowed; NULL if none.
 * asyncio.get_event_loop(). */
WEFT_API weft_loop_t *weft_get_event_loop(void);

/* Sets this thread's current loop (borrowed: unset it before it goes away). NULL: none. */
WEFT_API void weft_set_event_loop(weft_loop_t *loop);

/* Runs until [aw] is done. A coroutine becomes a task.
 * When for a second nothing in the loop could go on, and nothing ever will by itself, the exception
 * handler is told, once: which tasks wait, for what, and which of them for each other. The loop
 * sleeps on. (Not if another thread of the process, or a signal handler, may still wake it.)
 * Call from    a thread in which no loop runs (-EBUSY); one at a time per loop (-EBUSY)
 * Steals       a coroutine that was not used yet; borrows a task or a future
 * Returns      as weft_await; WEFT_ESTOPPED (weft_loop_stop came first; the task goes on in the
 *              next run), -ESHUTDOWN, -EXDEV */
WEFT_API int weft_loop_run_until_complete(weft_loop_t *loop, weft_awaitable_t *aw, void **result);

/* Runs until weft_loop_stop. A stop that came before gives one turn.
 * Returns      0, -EBUSY, -ESHUTDOWN, errors of the system */
WEFT_API int weft_loop_run_forever(weft_loop_t *loop);

/* Makes the run return when what is scheduled by now has had its turn. No user code runs
 * afterwards. */
WEFT_API void weft_loop_stop(weft_loop_t *loop);

/* Ends the loop: cancels operations, drops callbacks, ends the threads. Tasks that are still
 * pending are reported and end with -ECANCELED without running again. What they wait at, and what
 * they have entered, must be there still, until the first of them is reported. Idempotent.
 * Call from    any thread, a task of another loop too, but not a call in the loop's default
 *              executor, which it waits for: that ends the process
 * Returns      0, -EBUSY (it runs) */
WEFT_API int weft_loop_close(weft_loop_t *loop);

WEFT_API bool weft_loop_is_running(const weft_loop_t *loop);
WEFT_API bool weft_loop_is_closed(const weft_loop_t *loop);

/* The loop's clock: monotonic nanoseconds. */
WEFT_API weft_ns_t weft_loop_time(const weft_loop_t *loop);

WEFT_API bool weft_loop_get_debug(const weft_loop_t *loop);
WEFT_API void weft_loop_set_debug(weft_loop_t *loop, bool debug);

/* In debug mode a task that runs for [duration] ns or longer without suspending, and a callback
 * that takes as long, is told to the exception handler: its name, how long it took, where it was
 * created; of a task that suspended then also where the program called what suspended it, unless
 * weft is linked statically. A code address has its function's name if the dynamic symbols know
 * it (not static, and for a program linked with -rdynamic), else it is the place in its file that
 * addr2line takes. The default is 100 ms; WEFT_NONE: never. Any thread.
 * Python       loop.slow_callback_duration */
WEFT_API weft_ns_t weft_loop_get_slow_callback_duration(const weft_loop_t *loop);
WEFT_API void weft_loop_set_slow_callback_duration(weft_loop_t *loop, weft_ns_t duration);

/* ---- callbacks ---- */

/* Has fn(arg) called once, after the caller, in FIFO order of the strand it is in (none: the loop's
 * own, in which callbacks run one at a time). [handle] may be NULL; else it gets a new reference.
 * Call from    the loop, or the thread that will run it; from elsewhere
 *              weft_loop_call_soon_threadsafe
 * Returns      0, -ENOMEM, -ESHUTDOWN, -EPERM (the wrong thread)
 * Python       loop.call_soon() */
WEFT_API int weft_loop_call_soon(weft_loop_t *loop, weft_callback_t fn, void *arg,
                                 weft_handle_t **handle);

/* The same after [delay], or at [when] of weft_loop_time(). Earlier deadlines first. Errors as
 * above; WEFT_NONE is -EINVAL. */
WEFT_API int weft_loop_call_later(weft_loop_t *loop, weft_ns_t delay, weft_callback_t fn, void *arg,
                                  weft_handle_t **handle);
WEFT_API int weft_loop_call_at(weft_loop_t *loop, weft_ns_t when, weft_callback_t fn, void *arg,
                               weft_handle_t **handle);

/* Keeps the callback from being called, if it was not yet. From a thread outside the loop it waits
 * while the callback is running; from the loop it never waits. Idempotent. Any thread that holds
 * the handle may, also while its loop closes and goes, and afterwards. */
WEFT_API void weft_handle_cancel(weft_handle_t *handle);
WEFT_API bool weft_handle_cancelled(const weft_handle_t *handle);
/* The deadline of call_later and call_at; 0 for others. */
WEFT_API weft_ns_t weft_handle_when(const weft_handle_t *handle);
/* A copy of what the callback sees, as of its scheduling.
 * Returns      a new reference; NULL: out of memory
 * Python       handle.get_context(), of 3.12: there the very context that it runs in */
WEFT_API weft_context_t *weft_handle_get_context(const weft_handle_t *handle);
WEFT_API weft_handle_t *weft_handle_ref(weft_handle_t *handle);
WEFT_API void weft_handle_unref(weft_handle_t *handle);

/* ---- tasks ---- */

/* weft_create_task for a loop that need not be running, nor be this thread's (asyncio's is for its
 * own thread only). From outside .pinned is -EINVAL. NULL: the running loop.
 * Steals       [coro]
 * Python       loop.create_task() */
#define weft_loop_create_task(loop, coro, ...)                                                     \
    weft_loop_create_task_opts((loop), (coro),                                                     \
                               &(weft_task_opts_t){.size = sizeof(weft_task_opts_t), __VA_ARGS__})
WEFT_API weft_task_t *weft_loop_create_task_opts(weft_loop_t *loop, weft_coro_t *coro,
                                                 const weft_task_opts_t *opts);

/* The same without asking the loop's task factory: what a factory calls.
 * Python       asyncio.Task(coro, loop=loop, ...) */
#define weft_new_task(loop, coro, ...)                                                             \
    weft_new_task_opts((loop), (coro),                                                             \
                       &(weft_task_opts_t){.size = sizeof(weft_task_opts_t), __VA_ARGS__})
WEFT_API weft_task_t *weft_new_task_opts(weft_loop_t *loop, weft_coro_t *coro,
                                         const weft_task_opts_t *opts);

/* Whom the loop asks for each task that create_task, groups, gather and their kin start, from now
 * on; NULL: nobody. It is called where the task is created, by several workers at once if there are
 * several, and by a thread outside for weft_run_coroutine_threadsafe. What a server starts for its
 * clients is not asked of it.
 * Python       loop.set_task_factory() */
WEFT_API void weft_loop_set_task_factory(weft_loop_t *loop, weft_task_factory_t factory, void *arg);
/* Returns it (NULL: none), and its argument in *arg (may be NULL). loop.get_task_factory(). */
WEFT_API weft_task_factory_t weft_loop_get_task_factory(weft_loop_t *loop, void **arg);

/* A task factory: tasks start eagerly, but for those with WEFT_EAGER_OFF. A factory of the
 * program's that sets .eager_start is what asyncio.create_eager_task_factory() makes.
 * Python       asyncio.eager_task_factory */
WEFT_API weft_task_t *weft_eager_task_factory(weft_loop_t *loop, weft_coro_t *coro,
                                              const weft_task_opts_t *opts, void *arg);

/* ---- errors ---- */

/* Who is told of errors that nobody waits for. NULL: the default one, which writes to standard
 * error. The handler is called in the middle of whatever found the error: it may look at the
 * future, and cancel; it must not suspend, nor add a callback to the future; tasks that it creates
 * do not start eagerly.
 * It is called by whichever worker finds the error, several at once if there are several. While the
 * loop does not run, by the thread that does, which drops a last reference, or closes the loop.
 * What another thread finds while it runs, the loop tells soon after (out of memory: standard error
 * is told instead); but that a task could not be started, whoever wanted to start it. What is found
 * once the last reference to the loop is gone is told to standard error. */
WEFT_API void weft_loop_set_exception_handler(weft_loop_t *loop, weft_exception_handler_t handler,
                                              void *arg);
/* What was set, with its argument in *arg (may be NULL); NULL: the default one.
 * Python       loop.get_exception_handler() */
WEFT_API weft_exception_handler_t weft_loop_get_exception_handler(weft_loop_t *loop, void **arg);
/* Tells the handler. It may be called from any worker. */
WEFT_API void weft_loop_call_exception_handler(weft_loop_t *loop,
                                               const weft_exception_context_t *context);
/* What the default handler does; for handlers that only look. */
WEFT_API void weft_loop_default_exception_handler(weft_loop_t *loop,
                                                  const weft_exception_context_t *context);

/* ---- signals ---- */

/* Has fn(arg) called in the loop, as a callback, when [signal] arrives; it sees the context
 * variables as they are now, here. Replaces an earlier one.
 * The handler that was there before is called too, and restored when ours is removed and still in
 * place. The signal must be sent to the process: workers other than the first have it blocked, so
 * that raise() in a task may reach nobody.
 * Returns      0, -EINVAL (no such signal, SIGKILL, SIGSTOP, a fault, SIGURG, which weft uses
 *              itself), -EBUSY (another loop has it), -ENOMEM, -ESHUTDOWN
 * Python       loop.add_signal_handler() */
WEFT_API int weft_loop_add_signal_handler(weft_loop_t *loop, int signal, weft_callback_t fn,
                                          void *arg);
/* Returns whether there was one. */
WEFT_API bool weft_loop_remove_signal_handler(weft_loop_t *loop, int signal);

WEFT_END
#endif
