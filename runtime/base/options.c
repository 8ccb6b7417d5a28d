/* SPDX-License-Identifier: MIT */
#include "runtime/base/options.h"

#include <string.h>

static bool is_zero(const char *from, const char *to)
{
    while (from < to && *from == 0)
        from++;
    return from >= to;
}

const void *weft__options_fit(const void *given, void *full, size_t size)
{
    size_t is = given ? *(const size_t *)given : 0;

    if (is >= size)
        return is_zero((const char *)given + size, (const char *)given + is) ? given : NULL;
    if (given && is < sizeof(size_t))
        return NULL;
    memset(full, 0, size);
    if (given)
        memcpy(full, given, is);
    *(size_t *)full = size;
    return full;
}

int weft__options_give(void *out, const void *full, size_t size)
{
    size_t is = out ? *(size_t *)out : 0;

    if (is < sizeof(size_t))
        return -EINVAL;
    memset(out, 0, is);
    memcpy(out, full, is < size ? is : size);
    *(size_t *)out = is;
    return 0;
}
