/* SPDX-License-Identifier: MIT */
/* error list: what users read of an error object, and how they make one. */
#include "weft/error.h"

#include "runtime/core/error.h"
#include "runtime/sched/worker.h"

static struct weft_awaitable *running_task(void)
{
    struct weft__worker *worker = weft__self();

    return worker ? weft__worker_task(worker) : NULL;
}

const weft_error_t *weft_last_error(void)
{
    struct weft_awaitable *task = running_task();
    struct weft__extra *extra = task ? weft__extra(task) : NULL;

    return extra ? extra->error : NULL;
}

const weft_error_t *weft_error_of(const struct weft_awaitable *aw)
{
    return aw && weft__is_done(aw) ? weft__error_of(aw) : NULL;
}

size_t weft_error_count(const weft_error_t *error)
{
    return error ? error->count : 0;
}

int weft_error_code(const weft_error_t *error, size_t i)
{
    return error && i < error->count ? error->entry[i].code : 0;
}

const weft_error_t *weft_error_at(const weft_error_t *error, size_t i)
{
    return error && i < error->count ? error->entry[i].error : NULL;
}

const char *weft_error_message(const weft_error_t *error)
{
    return error ? error->message : NULL;
}

const char *weft_error_where(const weft_error_t *error)
{
    return error ? error->where : NULL;
}

int weft_error_context(const weft_error_t *error)
{
    return error ? error->context : 0;
}

int weft_raise_at(int code, const char *message, const char *where)
{
    struct weft_awaitable *task = running_task();
    struct weft_error *error = task && code < 0 ? weft__error_new(code, message, 0) : NULL;

    if (!error)
        return code;
    error->where = where;
    weft__error_set(task, error);
    return code;
}
