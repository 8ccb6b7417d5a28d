/* SPDX-License-Identifier: MIT */
/* task_factory: whom a loop asks for its tasks. */
#include "weft/loop.h"

#include "runtime/sched/loop.h"

void weft_loop_set_task_factory(weft_loop_t *loop, weft_task_factory_t factory, void *arg)
{
    weft__spin_lock(&loop->lock);
    loop->factory = factory;
    loop->factory_arg = arg;
    weft__store_relaxed(&loop->has_factory, factory != NULL); /* relaxed: a hint */
    weft__spin_unlock(&loop->lock);
}

weft_task_factory_t weft_loop_get_task_factory(weft_loop_t *loop, void **arg)
{
    weft_task_factory_t factory;

    weft__spin_lock(&loop->lock);
    factory = loop->factory;
    if (arg)
        *arg = loop->factory_arg;
    weft__spin_unlock(&loop->lock);
    return factory;
}

weft_task_t *weft_eager_task_factory(weft_loop_t *loop, weft_coro_t *coro,
                                     const weft_task_opts_t *opts, void *arg)
{
    weft_task_opts_t eager = *opts;

    (void)arg;
    if (eager.eager_start == WEFT_EAGER_DEFAULT)
        eager.eager_start = WEFT_EAGER_ON;
    return weft_new_task_opts(loop, coro, &eager);
}
