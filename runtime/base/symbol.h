/* SPDX-License-Identifier: MIT */
/* symbol: what a code address is called. */
#ifndef WEFT_BASE_SYMBOL_H
#define WEFT_BASE_SYMBOL_H

#include "runtime/base/base.h"

/* Writes "function+0x1a" if the dynamic symbols know it, else "program+0x1234", the place in its
 * file that addr2line takes. Always terminated. */
void weft__symbol(const void *address, char *buffer, size_t size);

/* Whether it is of the library. True of the whole program if that has the library linked in. */
bool weft__symbol_is_ours(const void *address);

#endif
