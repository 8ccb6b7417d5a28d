/* SPDX-License-Identifier: MIT */
/*
 * policy: how the program's event loops are made, and where the current one is kept.
 *
 *     weft_set_event_loop_policy(weft_proactor_event_loop_policy());
 *
 * Python has deprecated policies in 3.14: the option .loop_factory of weft_run and of runners names
 * what makes one loop, weft_proactor_event_loop_policy()->new_event_loop for one.
 */
#ifndef WEFT_POLICY_H
#define WEFT_POLICY_H

#include "weft/loop.h"

/* What a policy is: three calls; a member that is NULL is the default policy's. They may be called
 * by any thread, and must not make the public call of their own name, which would call them. */
typedef struct weft_event_loop_policy {
    size_t size;
    const char *name;
    weft_loop_factory_t new_event_loop;   /* weft_new_event_loop */
    weft_loop_t *(*get_event_loop)(void); /* weft_get_event_loop, where no loop runs */
    void (*set_event_loop)(weft_loop_t *loop);
} weft_event_loop_policy_t;

WEFT_BEGIN

/* The policy of the process. Never NULL. Python's asyncio.get_event_loop_policy(). */
WEFT_API const weft_event_loop_policy_t *weft_get_event_loop_policy(void);

/* From now on [policy] is used, which must live as long; NULL: the default one. Loops that are
 * there stay as they are. Python's asyncio.set_event_loop_policy(). */
WEFT_API void weft_set_event_loop_policy(const weft_event_loop_policy_t *policy);

/* Loops on what works best here (or what WEFT_DRIVER names); the current loop is the thread's own.
 * Python's asyncio.DefaultEventLoopPolicy(). */
WEFT_API const weft_event_loop_policy_t *weft_default_event_loop_policy(void);

/* Loops on completions: io_uring. Where that does not work, a new loop is its error. */
WEFT_API const weft_event_loop_policy_t *weft_proactor_event_loop_policy(void);

/* Loops on readiness: epoll. This version of weft has no such driver: a new loop is -ENOTSUP. */
WEFT_API const weft_event_loop_policy_t *weft_selector_event_loop_policy(void);

/* The proactor policy by the name that Python's programs know it by. Python's
 * asyncio.WindowsProactorEventLoopPolicy(), which there exists on Windows only. */
WEFT_API const weft_event_loop_policy_t *weft_windows_proactor_event_loop_policy(void);

WEFT_END
#endif
