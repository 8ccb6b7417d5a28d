/* SPDX-License-Identifier: MIT */
#include "runtime/core/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/core/error.h"
#include "runtime/core/slab.h"
#include "runtime/core/waiters.h"

bool (*weft__awaitable_dropped)(struct weft_awaitable *aw);

/* A call in the last place of another function, which so has no registers to save. */
static WEFT__NOINLINE struct weft_awaitable *
refill_and_new(enum weft__kind kind, const weft_corofn_t *fn, void *arg, const char *where)
{
    struct weft_awaitable *aw = weft__slab_get(WEFT__SLAB_AWAITABLE);

    if (!aw)
        return NULL;
    weft__slab_put(WEFT__SLAB_AWAITABLE, aw);
    return weft__awaitable_new(kind, fn, arg, where);
}

struct weft_awaitable *weft__awaitable_new(enum weft__kind kind, const weft_corofn_t *fn, void *arg,
                                           const char *where)
{
    struct weft_awaitable *aw = weft__slab_take(WEFT__SLAB_AWAITABLE);

    if (weft__unlikely(!aw))
        return refill_and_new(kind, fn, arg, where);
    aw->flags = 0;
    aw->fn = fn;
    aw->arg = arg;
    aw->result = NULL;
    aw->error = 0;
    aw->stack = NULL;
    aw->parent = NULL;
    aw->loop = NULL;
    aw->strand = NULL;
    aw->where = where;
    /* relaxed: nobody else knows it yet. But for refs: release, pairs with the acquire by which the
     * walk of the registry takes a reference (sched/registry.c), so that it sees an object that is
     * complete. */
    weft__store_relaxed(&aw->kind, (uint8_t)kind);
    weft__store_relaxed(&aw->retrieved, 0);
    weft__store_relaxed(&aw->asked, 0);
    weft__store_relaxed(&aw->word, 0);
    weft__store_relaxed(&aw->ws, 0);
    weft__store_relaxed(&aw->tokens, 0);
    weft__store_relaxed(&aw->extra, 0);
    weft__store_release(&aw->refs, kind == WEFT__KIND_CORO ? 2 : 1);
    return aw;
}

/* One static object per errno and per code of weft; the table is filled in on demand, each slot
 * with the same content whoever does it. */
enum { ERRNO_MAX = 160, OWN_FIRST = 4097, OWN_COUNT = 16 };

struct weft_awaitable *weft__awaitable_failed(int error)
{
    static struct weft_awaitable failed[ERRNO_MAX + OWN_COUNT];
    unsigned code = (unsigned)-error;
    unsigned index = code < ERRNO_MAX ? code : ERRNO_MAX + (code - OWN_FIRST) % OWN_COUNT;
    struct weft_awaitable *aw = &failed[index];
    uintptr_t newest = weft__word_lock(aw);

    if (newest != WEFT__WORD_DONE) {
        weft__store_relaxed(&aw->kind, WEFT__KIND_FAILED);
        aw->where = "";
        aw->error = error;
        weft__word_complete(aw, newest, NULL);
    }
    return aw;
}

static void free_extra(struct weft_awaitable *aw)
{
    weft__vars vars = weft__awaitable_vars(aw);
    struct weft__extra *extra = weft__extra(aw);

    /* relaxed: nobody else is left. Before the values go: they see no others any more. */
    if (!extra)
        weft__store_relaxed(&aw->extra, 0);
    weft__vars_unref(vars);
    if (!extra)
        return;
    if (extra->destroy)
        extra->destroy(aw);
    weft__error_unref(extra->error);
    weft__error_unref(weft__load_relaxed(&extra->message)); /* relaxed: nobody else is left */
    free(extra->name);
    free(extra);
}

/* What a destroy drops comes behind it in a list by `next`, which belongs to no queue any more. */
void weft__awaitable_free_with_extra(struct weft_awaitable *aw)
{
    weft__entry next;

    for (aw->next = 0; aw; aw = (struct weft_awaitable *)next) {
        if (weft__load_acquire(&aw->extra) != 0) /* acquire: as weft__extra */
            free_extra(aw);
        next = aw->next;
        weft__awaitable_free_plain(aw);
    }
}

WEFT__INLINE bool is_unstarted(enum weft__kind kind)
{
    return kind == WEFT__KIND_CORO || kind == WEFT__KIND_SPENT;
}

/* What never became a task has its run's reference left, nobody's: that goes with the last one, in
 * one step, as a walk (sched/registry.h) takes whatever has one. A walk may have one while its
 * owner makes a task of it, detached: so the kind is read after the count, which that lowers last.
 */
static bool drop_unstarted(struct weft_awaitable *aw, uint32_t n)
{
    /* acquire, and acq_rel: as in drop. */
    uint32_t refs = weft__load_acquire(&aw->refs), left;

    do {
        uint32_t least = is_unstarted(weft__kind(aw)) ? 1 : 0;
        left = refs - n > least ? refs - n : 0;
    } while (!weft__cas_acq_rel(&aw->refs, &refs, left));
    return left == 0;
}

/* True: that was the last one, and the object goes. */
WEFT__INLINE bool drop(struct weft_awaitable *aw, uint32_t n)
{
    enum weft__kind kind = weft__kind(aw);

    if (weft__unlikely(kind == WEFT__KIND_FAILED))
        return false;
    /* acq_rel: release what we did with it; acquire what the others did, if we are the last. */
    if (is_unstarted(kind) ? !drop_unstarted(aw, n) : weft__fetch_sub_acq_rel(&aw->refs, n) != n)
        return false;
    return !weft__awaitable_dropped || weft__awaitable_dropped(aw);
}

void weft__awaitable_unref(struct weft_awaitable *aw, uint32_t n)
{
    if (drop(aw, n))
        weft__awaitable_free(aw);
}

void weft__awaitable_unref_after(struct weft_awaitable *holder, struct weft_awaitable *aw)
{
    if (!aw || !drop(aw, 1))
        return;
    aw->next = holder->next;
    holder->next = (weft__entry)aw;
}

struct weft__extra *weft__awaitable_extra(struct weft_awaitable *aw)
{
    uintptr_t found = weft__load_acquire(&aw->extra); /* acquire: as weft__extra */
    struct weft__extra *made;

    if (found && !(found & WEFT__VARS_MARK))
        return (struct weft__extra *)found;
    made = calloc(1, sizeof *made);
    while (made) {
        made->vars = found;
        /* acq_rel: release the new object; acquire that of whoever was faster. */
        if (weft__cas_acq_rel(&aw->extra, &found, (uintptr_t)made))
            break;
        if (found & WEFT__VARS_MARK)
            continue; /* the task has changed its variables */
        free(made);
        made = (struct weft__extra *)found;
        break;
    }
    return made;
}

weft__vars weft__awaitable_exchange_vars(struct weft_awaitable *aw, weft__vars vars)
{
    uintptr_t found = weft__load_acquire(&aw->extra); /* acquire: as weft__extra */
    weft__vars old;

    /* acq_rel: release what is in them to whoever makes an extra part of it. */
    while (!found || found & WEFT__VARS_MARK) {
        if (weft__cas_acq_rel(&aw->extra, &found, vars))
            return found;
    }
    old = ((struct weft__extra *)found)->vars;
    ((struct weft__extra *)found)->vars = vars;
    return old;
}

static struct weft__spin names; /* all names: they are rarely given, and rarely asked for */

int weft__awaitable_set_name(struct weft_awaitable *aw, const char *name)
{
    struct weft__extra *extra = weft__awaitable_extra(aw);
    char *copy = extra ? strdup(name) : NULL, *old;

    if (!copy)
        return -ENOMEM;
    weft__spin_lock(&names);
    old = extra->name;
    extra->name = copy;
    weft__spin_unlock(&names);
    free(old);
    return 0;
}

static _Atomic(uint32_t) given;

uint32_t weft__task_numbers_take(uint32_t count)
{
    /* relaxed, here and below: only uniqueness is asked of it. */
    uint32_t old = weft__load_relaxed(&given), new;

    do
        new = (old > INT32_MAX - count ? 0 : old) + count;
    while (!weft__cas_relaxed(&given, &old, new));
    return new;
}

bool weft__task_numbers_give_back(uint32_t last, uint32_t next)
{
    return weft__cas_relaxed(&given, &last, next - 1);
}

static uint32_t number_of(struct weft_awaitable *task)
{
    uintptr_t newest = weft__word_lock(task);
    int number = task->error;

    if (newest == WEFT__WORD_DONE)
        return (uint32_t)weft__load_relaxed(&task->pos); /* relaxed: constant now */
    weft__word_unlock(task, newest);
    return (uint32_t)number;
}

size_t weft__awaitable_name(struct weft_awaitable *aw, char *buffer, size_t size)
{
    bool is_task = weft__kind(aw) == WEFT__KIND_TASK;
    const struct weft__extra *extra = is_task ? weft__extra(aw) : NULL;
    const char *name = aw->fn ? aw->fn->name : "future";
    char text[16] = "";
    size_t length;

    if (is_task) {
        snprintf(text, sizeof text, "Task-%u", number_of(aw));
        name = text;
    }
    weft__spin_lock(&names);
    if (extra && extra->name)
        name = extra->name;
    length = strlen(name);
    if (size > 0)
        snprintf(buffer, size, "%s", name);
    weft__spin_unlock(&names);
    return length;
}
