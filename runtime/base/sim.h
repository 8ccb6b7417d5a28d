/* SPDX-License-Identifier: MIT */
/*
 * sim: where the deterministic simulation may switch from one simulated thread to another.
 *
 * weft__sim_point(name) stands between two steps of the scheduler's protocols; weft__pause() is the
 * body of every spin loop. In builds with -DWEFT_SIM both call the hook that the virtual driver
 * sets while it runs; in all others the first is nothing and the second the processor's pause.
 */
#ifndef WEFT_BASE_SIM_H
#define WEFT_BASE_SIM_H

#include "runtime/base/base.h"
#include "runtime/base/cpu.h"

#ifdef WEFT_SIM
extern void (*weft__sim_hook)(const char *point);
WEFT__INLINE void weft__sim_point(const char *point)
{
    if (weft__sim_hook)
        weft__sim_hook(point);
}
#else
#define weft__sim_point(point) ((void)0)
#endif

WEFT__INLINE void weft__pause(void)
{
    weft__cpu_pause();
    weft__sim_point("spin");
}

#endif
