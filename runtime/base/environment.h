/* SPDX-License-Identifier: MIT */
/* environment: the variables that weft looks at. */
#ifndef WEFT_BASE_ENVIRONMENT_H
#define WEFT_BASE_ENVIRONMENT_H

#include <stdlib.h>
#include <string.h>

#include "runtime/base/base.h"

/* WEFT_DEBUG=1: debug mode where nothing else is asked for. */
static inline bool weft__environment_debug(void)
{
    const char *value = getenv("WEFT_DEBUG");

    return value && *value && strcmp(value, "0") != 0;
}

#endif
