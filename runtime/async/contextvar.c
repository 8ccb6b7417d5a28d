/* SPDX-License-Identifier: MIT */
#include "weft/contextvar.h"

#include <stdlib.h>

#include "runtime/core/waiters.h"
#include "runtime/sched/handle.h"
#include "runtime/sched/locals.h"
#include "runtime/sched/misuse.h"
#include "runtime/sched/worker.h"

/* ---- variables ---- */

struct token {
    const weft_context_var_t *var; /* NULL: it was used */
    const void *owner;             /* where it was set */
    struct weft__binding *old;     /* a reference, or NULL: there was none */
};

_Static_assert(sizeof(struct token) == sizeof(weft_context_token_t), "the public object");

/* Whose values a set changes: a shared context, the running task, or the thread. */
static const void *owner(void)
{
    struct weft_context *context = weft__vars_context(weft__locals());
    struct weft__worker *worker = weft__self();

    if (context)
        return context;
    return worker && weft__worker_task(worker) ? (void *)weft__worker_task(worker)
                                               : (void *)weft__thread_local();
}

static int bind(const weft_context_var_t *var, struct weft__binding *binding)
{
    weft__vars here = weft__locals(), made;
    struct weft_context *context = weft__vars_context(here);
    int rc = context ? weft__context_bind(context, var, binding)
                     : weft__vars_with(here, var, binding, &made);

    if (rc == 0 && !context)
        weft__vars_unref(weft__locals_exchange(made));
    return rc;
}

bool weft_context_lookup(weft_context_t *context, const weft_context_var_t *var, void **value)
{
    struct weft__binding *binding =
        weft__vars_find(context ? weft__vars_of_context(context) : weft__locals(), var);

    if (!binding)
        return false;
    if (value)
        *value = binding->value;
    weft__binding_unref(binding);
    return true;
}

void *weft_context_var_get(const weft_context_var_t *var)
{
    void *value = NULL;

    return var && !weft_context_lookup(NULL, var, &value) ? var->value : value;
}

int weft_context_var_set(const weft_context_var_t *var, void *value, weft_context_token_t *token)
{
    struct weft__binding *binding = var ? weft__binding_new(var, value) : NULL;
    struct token made = {.var = var, .owner = owner()};

    if (!binding)
        return var ? -ENOMEM : -EINVAL;
    weft__store_relaxed(&weft__vars_used, true); /* relaxed: see core/vars.h */
    if (token)
        made.old = weft__vars_find(weft__locals(), var);
    if (bind(var, binding) < 0) {
        weft__binding_unref(made.old);
        free(binding); /* without its destroy: the value is the caller's still */
        return -ENOMEM;
    }
    weft__binding_unref(binding);
    if (token)
        *(struct token *)token = made;
    return 0;
}

int weft_context_var_reset(const weft_context_var_t *var, weft_context_token_t *token)
{
    struct token *t = (struct token *)token;
    int rc;

    if (!var || !t)
        return -EINVAL;
    if (!t->var)
        return weft__misuse(-EALREADY, "a context token is used twice");
    if (t->var != var || t->owner != owner())
        return weft__misuse(-EINVAL, "a context token of another variable, or of another task");
    rc = bind(var, t->old);
    if (rc < 0)
        return rc;
    weft__binding_unref(t->old);
    *t = (struct token){0};
    return 0;
}

/* ---- contexts ---- */

static weft_context_t *context_of(weft__vars snapshot)
{
    weft_context_t *context = weft__context_new(snapshot);

    if (!context)
        weft__vars_unref(snapshot);
    return context;
}

weft_context_t *weft_copy_context(void)
{
    return context_of(weft__vars_snapshot(weft__locals()));
}

weft_context_t *weft_context_create(void)
{
    return context_of(0);
}

weft_context_t *weft_context_ref(weft_context_t *context)
{
    if (context)
        weft__vars_ref(weft__vars_of_context(context));
    return context;
}

void weft_context_unref(weft_context_t *context)
{
    if (context)
        weft__vars_unref(weft__vars_of_context(context));
}

static bool enter(weft_context_t *context)
{
    bool free;

    weft__spin_lock(&context->lock);
    free = !context->entered;
    context->entered = true;
    weft__spin_unlock(&context->lock);
    return free;
}

static void leave(weft_context_t *context)
{
    weft__spin_lock(&context->lock);
    context->entered = false;
    weft__spin_unlock(&context->lock);
}

int weft_context_run(weft_context_t *context, weft_fn_t fn, void *arg, void **result)
{
    weft__vars outer;
    void *value = NULL;
    int rc;

    if (!context || !fn)
        return -EINVAL;
    if (weft__vars_context(weft__locals()) == context || !enter(context))
        return weft__misuse(-EBUSY, "a context is entered that is entered already");
    outer = weft__locals_exchange(weft__vars_ref(weft__vars_of_context(context)));
    rc = fn(arg, &value);
    weft__vars_unref(weft__locals_exchange(outer));
    leave(context);
    if (rc >= 0 && result)
        *result = value;
    return rc;
}

weft_context_t *weft_get_context(weft_task_t *task)
{
    weft__vars vars;

    if (!task || weft__kind(task) != WEFT__KIND_TASK)
        return NULL;
    /* Under the lock its own changes (sched/locals.c); once it is done there are none. */
    uintptr_t newest = weft__word_lock(task);
    vars = weft__vars_ref(weft__awaitable_vars(task));
    if (newest != WEFT__WORD_DONE)
        weft__word_unlock(task, newest);
    return weft__vars_context(vars) ? weft__vars_context(vars) : context_of(vars);
}

weft_context_t *weft_handle_get_context(const weft_handle_t *handle)
{
    return context_of(weft__vars_ref(handle->vars));
}
