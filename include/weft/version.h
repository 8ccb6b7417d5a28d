/* SPDX-License-Identifier: MIT */
#ifndef WEFT_VERSION_H
#define WEFT_VERSION_H

#include "weft/export.h"

#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0
#define WEFT_VERSION "0.1.0"

WEFT_BEGIN

/* The version of the library that is running, to be compared with WEFT_VERSION. Static. */
WEFT_API const char *weft_version(void);

WEFT_END
#endif
