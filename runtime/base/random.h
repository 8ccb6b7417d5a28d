/* SPDX-License-Identifier: MIT */
/*
 * random: xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators,
 * scrambled", 2016). Eight bytes of state, some three instructions deep.
 *
 * It picks victims and seeds simulations: fast and repeatable, not secret. One thread per state.
 * The seed goes through splitmix64 first, so that neighbouring seeds give unrelated sequences; the
 * state zero, from which xorshift never leaves, cannot come out.
 */
#ifndef WEFT_BASE_RANDOM_H
#define WEFT_BASE_RANDOM_H

#include "runtime/base/base.h"

struct weft__random {
    uint64_t state;
};

WEFT__INLINE void weft__random_seed(struct weft__random *random, uint64_t seed)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    random->state = z ? z : 1;
}

WEFT__INLINE uint64_t weft__random_next(struct weft__random *random)
{
    uint64_t x = random->state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    return x * 0x2545f4914f6cdd1du;
}

/* A number in [0, n), n > 0. The upper half of the product: the low bits are the weak ones. */
WEFT__INLINE uint32_t weft__random_below(struct weft__random *random, uint32_t n)
{
    weft__debug_assert(n > 0);
    return (uint32_t)(((weft__random_next(random) >> 32) * n) >> 32);
}

#endif
