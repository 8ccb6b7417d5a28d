/* SPDX-License-Identifier: MIT */
#include "weft/policy.h"

#include "runtime/base/options.h"
#include "runtime/base/thread_local.h"
#include "runtime/sched/loop.h"
#include "runtime/sched/misuse.h"

/* ---- what the policies are made of ---- */

static int new_loop(weft_loop_t **loop, const weft_run_opts_t *opts, const char *driver)
{
    struct weft__loop_config config = {0};
    int rc = driver ? weft__driver_named(driver, &config.class) : 0;

    if (rc < 0)
        return rc;
    config.workers = opts->workers;
    config.order = opts->order;
    config.debug = opts->debug;
    return weft__loop_new(loop, &config);
}

static int new_default(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    return new_loop(loop, opts, NULL);
}

static int new_proactor(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    return new_loop(loop, opts, "io_uring");
}

static int new_selector(weft_loop_t **loop, const weft_run_opts_t *opts)
{
    return new_loop(loop, opts, "epoll");
}

static weft_loop_t *get_of_thread(void)
{
    return weft__thread_local()->loop;
}

static void set_of_thread(weft_loop_t *loop)
{
    weft__thread_local()->loop = loop;
}

#define POLICY(name_, new_)                                                                        \
    {                                                                                              \
        .size = sizeof(weft_event_loop_policy_t), .name = (name_), .new_event_loop = (new_),       \
        .get_event_loop = get_of_thread, .set_event_loop = set_of_thread                           \
    }

static const weft_event_loop_policy_t by_default = POLICY("default", new_default);
static const weft_event_loop_policy_t proactor = POLICY("proactor", new_proactor);
static const weft_event_loop_policy_t selector = POLICY("selector", new_selector);

const weft_event_loop_policy_t *weft_default_event_loop_policy(void)
{
    return &by_default;
}

const weft_event_loop_policy_t *weft_proactor_event_loop_policy(void)
{
    return &proactor;
}

const weft_event_loop_policy_t *weft_selector_event_loop_policy(void)
{
    return &selector;
}

const weft_event_loop_policy_t *weft_windows_proactor_event_loop_policy(void)
{
    return &proactor;
}

/* ---- the one of the process ---- */

static _Atomic(const weft_event_loop_policy_t *) current = &by_default;

const weft_event_loop_policy_t *weft_get_event_loop_policy(void)
{
    return weft__load_acquire(&current); /* acquire: pairs with the release below */
}

void weft_set_event_loop_policy(const weft_event_loop_policy_t *policy)
{
    /* release: its members can be read. */
    weft__store_release(&current, policy ? policy : &by_default);
}

int weft_new_event_loop_opts(weft_loop_t **loop, const weft_run_opts_t *given)
{
    weft_loop_factory_t make = weft_get_event_loop_policy()->new_event_loop;
    weft_run_opts_t full;
    const weft_run_opts_t *opts = weft__options(given, &full, sizeof full);

    if (!opts)
        return weft__bad_options();
    return make ? make(loop, opts) : new_default(loop, opts);
}

weft_loop_t *weft_get_event_loop(void)
{
    weft_loop_t *running = weft_get_running_loop();
    weft_loop_t *(*get)(void) = weft_get_event_loop_policy()->get_event_loop;

    if (running)
        return running;
    return get ? get() : get_of_thread();
}

void weft_set_event_loop(weft_loop_t *loop)
{
    void (*set)(weft_loop_t *) = weft_get_event_loop_policy()->set_event_loop;

    if (set)
        set(loop);
    else
        set_of_thread(loop);
}
