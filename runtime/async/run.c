/* SPDX-License-Identifier: MIT */
#include "weft/run.h"

#include "weft/runner.h"

int weft_run_opts(weft_coro_t *coro, void **result, const weft_run_opts_t *opts)
{
    weft_runner_t runner;
    int rc, shutdown;

    weft_runner_init_opts(&runner, opts);
    rc = weft_runner_run(&runner, coro, result);
    shutdown = weft_runner_close(&runner);
    return rc >= 0 && shutdown < 0 ? shutdown : rc;
}
