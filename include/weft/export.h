/* SPDX-License-Identifier: MIT */
/*
 * export: what every public header needs: visibility, "look at the result", C++ guards.
 *
 * Options are keyword arguments: a call's last parameters are designated initialisers of a struct
 * whose first member is its size, as in weft_run(coro, NULL, .workers = 4). Zero is always the
 * default. Such a struct grows at its end only, so that a program built with an older or a newer
 * header goes on working: what it does not know is zero, and what the library does not know must
 * be. Each of these calls is a macro over a function whose name ends in _opts, for C++ and for
 * bindings; there NULL means all defaults, and a size that was not set is -EINVAL. Without options
 * the `...` of the macro is empty: gcc and clang take that in every version of C, but -Wpedantic
 * complains of it before C23.
 */
#ifndef WEFT_EXPORT_H
#define WEFT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WEFT_API __attribute__((visibility("default")))
#define WEFT_MUST __attribute__((warn_unused_result))

#ifdef __cplusplus
#define WEFT_BEGIN extern "C" {
#define WEFT_END }
#else
#define WEFT_BEGIN
#define WEFT_END
#endif

/* Where a call stands in the source, as one string literal: "main.c:12". */
#define WEFT_STRING_(x) #x
#define WEFT_STRING(x) WEFT_STRING_(x)
#define WEFT_HERE (__FILE__ ":" WEFT_STRING(__LINE__))

#endif
