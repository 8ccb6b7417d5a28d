/* SPDX-License-Identifier: MIT */
/*
 * vars: the values of context variables that somebody sees.
 *
 * A binding is a value of a variable. A snapshot is a set of bindings, none of which ever changes:
 * so to inherit one is a reference, and who sets a variable gets a new snapshot. Few variables are
 * in use at once: a snapshot is an array that is searched from its beginning.
 *
 * A context is a snapshot that can be exchanged, for several to share. Its lock is a leaf: nothing
 * is allocated and nothing destroyed under it.
 *
 * A word of type weft__vars says what somebody sees: 0 nothing, or a reference to a snapshot, or
 * with SHARED to a context. Its low bit is set, which tells it from the address of anything else
 * that may stand in its place (core/task.h).
 *
 * Not chosen: a hash trie, as Python has it (for maps of thousands); a list of changes (grows with
 * every set); values in each task (to create one would cost the number of variables).
 */
#ifndef WEFT_CORE_VARS_H
#define WEFT_CORE_VARS_H

#include "weft/contextvar.h"
#include "runtime/base/atomic.h"
#include "runtime/base/base.h"
#include "runtime/base/spin.h"

typedef uintptr_t weft__vars;

#define WEFT__VARS_MARK ((uintptr_t)1) /* in each that is not 0 */
#define WEFT__VARS_SHARED ((uintptr_t)2)

struct weft__binding {
    _Atomic(uint32_t) refs;
    const weft_context_var_t *var;
    void *value;
};

struct weft_context {
    _Atomic(uint32_t) refs; /* first, as in a snapshot */
    struct weft__spin lock; /* vars, entered */
    weft__vars vars;        /* 0, or a reference to a snapshot */
    bool entered;           /* by weft_context_run */
};

/* Whether any variable was ever set: else there is nothing to inherit. Relaxed: who inherits
 * something comes after who set it. */
extern _Atomic(bool) weft__vars_used;

WEFT__INLINE struct weft_context *weft__vars_context(weft__vars vars)
{
    return vars & WEFT__VARS_SHARED
               ? (struct weft_context *)(vars & ~(WEFT__VARS_MARK | WEFT__VARS_SHARED))
               : NULL;
}

WEFT__INLINE weft__vars weft__vars_of_context(struct weft_context *context)
{
    return (weft__vars)context | WEFT__VARS_MARK | WEFT__VARS_SHARED;
}

/* One reference more to what [vars] names, which is returned; one less. Any thread. */
weft__vars weft__vars_ref(weft__vars vars);
void weft__vars_unref(weft__vars vars);

/* A reference to a snapshot of what [vars] shows now. */
weft__vars weft__vars_snapshot(weft__vars vars);

/* The binding of [var], with a reference; or NULL. */
struct weft__binding *weft__vars_find(weft__vars vars, const weft_context_var_t *var);

struct weft__binding *weft__binding_new(const weft_context_var_t *var, void *value);
void weft__binding_unref(struct weft__binding *binding); /* NULL is allowed */

/* Into *made the snapshot [old] with [binding] for [var], or with none (NULL). 0, -ENOMEM. */
int weft__vars_with(weft__vars old, const weft_context_var_t *var, struct weft__binding *binding,
                    weft__vars *made);

/* The same within a context, for all that share it. */
int weft__context_bind(struct weft_context *context, const weft_context_var_t *var,
                       struct weft__binding *binding);

/* A new context that takes over [vars], a snapshot or 0; NULL when out of memory, then it does
 * not. */
struct weft_context *weft__context_new(weft__vars vars);

#endif
