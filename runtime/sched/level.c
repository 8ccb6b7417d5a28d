/* SPDX-License-Identifier: MIT */
#include "runtime/sched/level.h"

#include "runtime/core/waiters.h"
#include "runtime/sched/cancel.h"

/* What the scopes say, innermost first, up to the first shield. */
static bool struck(const struct weft__extra *extra)
{
    for (const struct weft__scope *s = extra->scopes; s; s = s->outer) {
        if (weft__load_relaxed(&s->cancelled)) /* relaxed, also below: under the lock */
            return true;
        if (s->shield)
            return false;
    }
    return false;
}

/* With the lock held. Others change their part at the same time. */
static void update(struct weft_awaitable *task, const struct weft__extra *extra)
{
    uint64_t old = weft__load_relaxed(&task->tokens);
    uint64_t level = struck(extra) ? WEFT__TOKEN_LEVEL : 0;

    /* seq_cst: put before the look at ws; see weft__wait_publish. */
    while (!weft__cas_seq_cst(&task->tokens, &old, (old & ~WEFT__TOKEN_LEVEL) | level))
        ;
}

void weft__scope_enter(struct weft_awaitable *task, struct weft__scope *scope, bool shield)
{
    struct weft__extra *extra = weft__extra(task);
    uintptr_t newest = weft__word_lock(task);

    *scope = (struct weft__scope){.outer = extra->scopes, .shield = shield};
    extra->scopes = scope;
    extra->shields += shield;
    scope->shields = extra->shields;
    update(task, extra);
    weft__word_unlock(task, newest);
}

void weft__scope_leave(struct weft_awaitable *task, struct weft__scope *scope)
{
    struct weft__extra *extra = weft__extra(task);
    uintptr_t newest = weft__word_lock(task);
    struct weft__scope **p = &extra->scopes;

    while (*p && *p != scope)
        p = &(*p)->outer;
    if (*p)
        *p = scope->outer;
    extra->shields -= scope->shield;
    update(task, extra);
    weft__tokens_return(task, scope->withheld);
    weft__word_unlock(task, newest);
}

bool weft__scope_cancel(struct weft_awaitable *task, struct weft__scope *scope)
{
    uintptr_t newest = weft__word_lock(task);
    bool first;

    if (newest == WEFT__WORD_DONE)
        return false;
    first = !weft__load_relaxed(&scope->cancelled);
    weft__store_relaxed(&scope->cancelled, true);
    update(task, weft__extra(task));
    weft__word_unlock(task, newest);
    return first;
}

uint32_t weft__scope_depth(const struct weft_awaitable *task)
{
    const struct weft__extra *extra = weft__extra(task);

    return extra ? extra->shields : 0;
}

bool weft__scope_struck(const struct weft_awaitable *task)
{
    /* relaxed: what strikes later is met by the next wait. */
    return weft__load_relaxed(&((struct weft_awaitable *)(uintptr_t)task)->tokens) &
           WEFT__TOKEN_LEVEL;
}

bool weft__scope_withholds(struct weft_awaitable *task, uint32_t depth, uint32_t n)
{
    const struct weft__extra *extra = weft__extra(task);

    if (!extra || extra->shields <= depth)
        return false;
    for (struct weft__scope *s = extra->scopes; s; s = s->outer) {
        if (s->shield && s->shields == depth + 1) {
            if (s->withheld < WEFT__TOKEN_EDGES) /* more than that are one */
                s->withheld += n;
            return true;
        }
    }
    return false;
}
