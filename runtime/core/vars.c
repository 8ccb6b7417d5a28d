/* SPDX-License-Identifier: MIT */
#include "runtime/core/vars.h"

#include <stdlib.h>

_Atomic(bool) weft__vars_used;

struct snapshot {
    _Atomic(uint32_t) refs; /* first, as in a context */
    uint32_t count;
    struct weft__binding *bound[]; /* a reference each */
};

static struct snapshot *snapshot_of(weft__vars vars)
{
    return (struct snapshot *)(vars & ~WEFT__VARS_MARK);
}

/* ---- bindings ---- */

struct weft__binding *weft__binding_new(const weft_context_var_t *var, void *value)
{
    struct weft__binding *binding = malloc(sizeof *binding);

    if (binding) {
        weft__store_relaxed(&binding->refs, 1); /* relaxed: not shared yet */
        binding->var = var;
        binding->value = value;
    }
    return binding;
}

static struct weft__binding *binding_ref(struct weft__binding *binding)
{
    weft__fetch_add_relaxed(&binding->refs, 1); /* relaxed: the caller can reach it */
    return binding;
}

void weft__binding_unref(struct weft__binding *binding)
{
    /* acq_rel: the last one sees what all others did with the value. */
    if (!binding || weft__fetch_sub_acq_rel(&binding->refs, 1) != 1)
        return;
    if (binding->var->destroy)
        binding->var->destroy(binding->value);
    free(binding);
}

/* ---- words ---- */

weft__vars weft__vars_ref(weft__vars vars)
{
    struct weft_context *context = weft__vars_context(vars);

    /* relaxed: the caller can reach it. */
    if (context)
        weft__fetch_add_relaxed(&context->refs, 1);
    else if (vars)
        weft__fetch_add_relaxed(&snapshot_of(vars)->refs, 1);
    return vars;
}

static void free_snapshot(struct snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->count; i++)
        weft__binding_unref(snapshot->bound[i]);
    free(snapshot);
}

void weft__vars_unref(weft__vars vars)
{
    struct weft_context *context = weft__vars_context(vars);

    if (!vars)
        return;
    /* acq_rel: the last one sees what all others did. */
    if (!context) {
        if (weft__fetch_sub_acq_rel(&snapshot_of(vars)->refs, 1) == 1)
            free_snapshot(snapshot_of(vars));
    } else if (weft__fetch_sub_acq_rel(&context->refs, 1) == 1) {
        weft__vars_unref(context->vars);
        free(context);
    }
}

weft__vars weft__vars_snapshot(weft__vars vars)
{
    struct weft_context *context = weft__vars_context(vars);
    weft__vars snapshot;

    if (!context)
        return weft__vars_ref(vars);
    weft__spin_lock(&context->lock);
    snapshot = weft__vars_ref(context->vars);
    weft__spin_unlock(&context->lock);
    return snapshot;
}

static struct weft__binding *find(weft__vars vars, const weft_context_var_t *var)
{
    struct snapshot *snapshot = vars ? snapshot_of(vars) : NULL;

    for (uint32_t i = 0; snapshot && i < snapshot->count; i++) {
        if (snapshot->bound[i]->var == var)
            return binding_ref(snapshot->bound[i]);
    }
    return NULL;
}

struct weft__binding *weft__vars_find(weft__vars vars, const weft_context_var_t *var)
{
    struct weft_context *context = weft__vars_context(vars);
    struct weft__binding *binding;

    if (!context)
        return find(vars, var);
    weft__spin_lock(&context->lock);
    binding = find(context->vars, var);
    weft__spin_unlock(&context->lock);
    return binding;
}

int weft__vars_with(weft__vars old, const weft_context_var_t *var, struct weft__binding *binding,
                    weft__vars *made)
{
    struct snapshot *from = old ? snapshot_of(old) : NULL;
    uint32_t most = (from ? from->count : 0) + 1;
    struct snapshot *snapshot = malloc(sizeof *snapshot + most * sizeof snapshot->bound[0]);

    if (!snapshot)
        return -ENOMEM;
    weft__store_relaxed(&snapshot->refs, 1); /* relaxed: not shared yet */
    snapshot->count = 0;
    for (uint32_t i = 0; from && i < from->count; i++) {
        if (from->bound[i]->var != var)
            snapshot->bound[snapshot->count++] = binding_ref(from->bound[i]);
    }
    if (binding)
        snapshot->bound[snapshot->count++] = binding_ref(binding);
    *made = (weft__vars)snapshot | WEFT__VARS_MARK;
    return 0;
}

/* ---- contexts ---- */

/* What it had goes after the lock, also when somebody else was faster. */
static bool exchange(struct weft_context *context, weft__vars old, weft__vars new)
{
    bool same;

    weft__spin_lock(&context->lock);
    same = context->vars == old;
    if (same)
        context->vars = new;
    weft__spin_unlock(&context->lock);
    weft__vars_unref(same ? old : new);
    return same;
}

int weft__context_bind(struct weft_context *context, const weft_context_var_t *var,
                       struct weft__binding *binding)
{
    weft__vars old, new;
    bool done = false;

    while (!done) {
        old = weft__vars_snapshot(weft__vars_of_context(context));
        if (weft__vars_with(old, var, binding, &new) < 0) {
            weft__vars_unref(old);
            return -ENOMEM;
        }
        done = exchange(context, old, new);
        weft__vars_unref(old); /* the one that the look took */
    }
    return 0;
}

struct weft_context *weft__context_new(weft__vars vars)
{
    struct weft_context *context = calloc(1, sizeof *context);

    if (!context)
        return NULL;
    weft__store_relaxed(&context->refs, 1); /* relaxed: not shared yet */
    context->vars = vars;
    return context;
}
