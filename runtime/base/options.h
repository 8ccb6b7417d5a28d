/* SPDX-License-Identifier: MIT */
/*
 * options: structs that programs and the library each know in the length of their own header.
 *
 * Such a struct begins with its size, grows at its end only, and zero is the default of each member
 * (weft/export.h). So a program of an older header gives one that ends earlier, and means zeros;
 * one of a newer header may give a longer one, which is as good if there are only zeros in what
 * this library does not know. clone3(2) has the same rules.
 */
#ifndef WEFT_BASE_OPTIONS_H
#define WEFT_BASE_OPTIONS_H

#include "runtime/base/base.h"

const void *weft__options_fit(const void *given, void *full, size_t size);

/* [given], which may be NULL, in the [size] that is known here: itself, or a copy in [full]. NULL:
 * its size was not set, or it asks for what is not known: -EINVAL. */
WEFT__INLINE const void *weft__options(const void *given, void *full, size_t size)
{
    if (weft__likely(given && *(const size_t *)given == size))
        return given;
    return weft__options_fit(given, full, size);
}

/* The other way round: as much of [full] into [out] as its size says, which stays; beyond what is
 * known there are zeros. 0, -EINVAL. */
int weft__options_give(void *out, const void *full, size_t size);

#endif
