/* SPDX-License-Identifier: MIT */
#include "runtime/core/error.h"

#include <stdlib.h>
#include <string.h>

struct weft_error *weft__error_new(int code, const char *message, size_t count)
{
    struct weft_error *error;

    if (count > (PTRDIFF_MAX - sizeof *error) / sizeof error->entry[0])
        return NULL;
    error = calloc(1, sizeof *error + count * sizeof error->entry[0]);
    if (error && message && !(error->message = strdup(message))) {
        free(error);
        return NULL;
    }
    if (!error)
        return NULL;
    weft__store_relaxed(&error->refs, 1); /* relaxed: not shared yet */
    error->code = code;
    error->count = count;
    return error;
}

struct weft_error *weft__error_ref(struct weft_error *error)
{
    if (error)
        weft__fetch_add_relaxed(&error->refs, 1); /* relaxed: the caller holds one */
    return error;
}

/* Puts [error] before [dead] if that was its last reference. */
static struct weft_error *drop(struct weft_error *error, struct weft_error *dead)
{
    /* acq_rel: the last one sees what the others did with it. */
    if (!error || weft__fetch_sub_acq_rel(&error->refs, 1) != 1)
        return dead;
    error->next = dead;
    return error;
}

/* Not by recursion: groups of groups may be as deep as there are tasks. */
void weft__error_unref(struct weft_error *error)
{
    struct weft_error *dead = drop(error, NULL);

    while ((error = dead)) {
        dead = error->next;
        for (size_t i = 0; i < error->count; i++)
            dead = drop(error->entry[i].error, dead);
        free(error->message);
        free(error);
    }
}

struct weft_error *weft__error_of(const struct weft_awaitable *aw)
{
    struct weft__extra *extra = weft__extra(aw);

    return extra && extra->error && extra->error->code == aw->error ? extra->error : NULL;
}

void weft__error_set(struct weft_awaitable *aw, struct weft_error *error)
{
    struct weft__extra *extra = error ? weft__awaitable_extra(aw) : weft__extra(aw);

    if (!extra) {
        weft__error_unref(error);
        return;
    }
    weft__error_unref(extra->error);
    extra->error = error;
}
