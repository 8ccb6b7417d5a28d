/* SPDX-License-Identifier: MIT */
#include "runtime/core/backtrace.h"

#include <unwind.h>

#include "runtime/core/context.h"

struct walk {
    void **frames;
    size_t count, capacity;
    unsigned skip; /* our own frames, not to be shown */
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
    struct walk *walk = arg;
    void *address = (void *)_Unwind_GetIP(context);

    if (walk->skip > 0) {
        walk->skip--;
        return _URC_NO_REASON;
    }
    if (!address || walk->count == walk->capacity)
        return _URC_END_OF_STACK;
    walk->frames[walk->count++] = address;
    return _URC_NO_REASON;
}

WEFT__NOINLINE size_t weft__backtrace(void **frames, size_t capacity)
{
    struct walk walk = {.frames = frames, .capacity = capacity, .skip = 2};

    _Unwind_Backtrace(step, &walk);
    return walk.count;
}

static void unwind(void *arg)
{
    _Unwind_Backtrace(step, arg);
}

size_t weft__backtrace_parked(void *context, void **frames, size_t capacity)
{
    struct walk walk = {.frames = frames, .capacity = capacity, .skip = 2};

    weft__context_beneath(context, unwind, &walk);
    return walk.count;
}
