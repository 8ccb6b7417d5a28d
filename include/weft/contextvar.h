/* SPDX-License-Identifier: MIT */
/*
 * contextvar: variables of which each task has its own value.
 *
 * A new task sees the values that its creator saw at that moment, and what either sets afterwards
 * the other does not see. So do callbacks with the values of who added them, what weft_to_thread
 * calls, and a server's clients with the values of who started it. A thread outside of any loop has
 * values of its own.
 *
 * That costs one reference count for each task that is created while there are any values, and
 * nothing else; what is set is copied then.
 */
#ifndef WEFT_CONTEXTVAR_H
#define WEFT_CONTEXTVAR_H

#include "weft/task.h"

/* A variable, defined by whoever uses it and alive as long as any task that may have a value of it:
 *     static const weft_context_var_t user = {.name = "user"}; */
typedef struct weft_context_var {
    const char *name;
    void *value;                  /* the default, where none was set */
    void (*destroy)(void *value); /* or NULL: called once with each value that was set, on any
                                     thread, when nobody sees it any more */
} weft_context_var_t;

/* What weft_context_var_set leaves for weft_context_var_reset. Its content is weft's. */
typedef struct weft_context_token {
    void *opaque[3];
} weft_context_token_t;

WEFT_BEGIN

/* The value that is seen here, borrowed until it is set anew here; else the default. Any thread.
 * Python       var.get() */
WEFT_API void *weft_context_var_get(const weft_context_var_t *var);

/* Sets it, for what runs here. With [token] the old value is kept for weft_context_var_reset, which
 * must be called with that token then; NULL: it is not.
 * Call from    any thread
 * Steals       [value], on success: its destroy is called in the end
 * Returns      0, -ENOMEM (nothing has changed), -EINVAL (no variable)
 * Python       var.set() */
WEFT_API WEFT_MUST int weft_context_var_set(const weft_context_var_t *var, void *value,
                                            weft_context_token_t *token);

/* Gives it back the value, or none, that it had before the weft_context_var_set with [token].
 * Returns      0; -EALREADY (the token was used), -EINVAL (another variable's, or set by another
 *              task), -ENOMEM: then the token is good still
 * Python       var.reset() */
WEFT_API int weft_context_var_reset(const weft_context_var_t *var, weft_context_token_t *token);

/* All values that are seen here, as they are now, as an object of their own.
 * Returns      a new reference; NULL when out of memory
 * Python       copy_context() */
WEFT_API weft_context_t *weft_copy_context(void);

/* An object without any values. Returns as above. Python's Context(). */
WEFT_API weft_context_t *weft_context_create(void);

WEFT_API weft_context_t *weft_context_ref(weft_context_t *context); /* NULL is allowed */
WEFT_API void weft_context_unref(weft_context_t *context);          /* likewise */

/* Whether [context] (NULL: what is seen here) has a value of [var], the default apart; *value
 * (may be NULL) is set to it, borrowed as long as it has. Any thread. Python's context[var]. */
WEFT_API bool weft_context_lookup(weft_context_t *context, const weft_context_var_t *var,
                                  void **value);

/* Calls fn(arg, result) with the values of [context]; what it sets is set in [context]. Within a
 * task it may suspend.
 * Returns      what fn returned; -EINVAL (NULL), -EBUSY (it is entered already)
 * Python       context.run() */
WEFT_API int weft_context_run(weft_context_t *context, weft_fn_t fn, void *arg, void **result);

/* The context that [task] was created with by .context, of a main task that of its runner; else a
 * copy of what it sees now.
 * Returns      a new reference; NULL: out of memory, or no task
 * Python       task.get_context() */
WEFT_API weft_context_t *weft_get_context(weft_task_t *task);

WEFT_END
#endif
