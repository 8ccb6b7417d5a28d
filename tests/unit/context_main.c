/* SPDX-License-Identifier: MIT */
/* The cases of context_cases.h as a plain program: one line and 0, or the first failure and 1. */
#include <stdio.h>
#include <stdlib.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s: failed: %s\n", __func__, #condition);                             \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Each case registers itself before main. */
static void (*cases[32])(void);
static unsigned count;

#define CASE(name)                                                                                 \
    static void name(void);                                                                        \
    __attribute__((constructor)) static void register_##name(void)                                 \
    {                                                                                              \
        cases[count++] = name;                                                                     \
    }                                                                                              \
    static void name(void)

#include "tests/unit/context_cases.h"

int main(void)
{
    for (unsigned i = 0; i < count; i++)
        cases[i]();
    printf("context: %u cases passed\n", count);
    return count > 0 ? 0 : 1;
}
