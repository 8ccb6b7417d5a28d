/* SPDX-License-Identifier: MIT */
/* Conditions under random cancels (sync.h): whoever is told goes on, or tells the next. */
#include "sync.h"

/* ---- condition: a lock made of one, so that each notification that is lost leaves somebody behind
 * ---- */

static weft_condition_t condition;
static bool busy;

static void make_condition(void)
{
    weft_condition_init(&condition, NULL);
    busy = false;
}

static bool is_free(void *arg)
{
    (void)arg;
    SIM_CHECK(weft_condition_locked(&condition));
    return !busy;
}

/* Leaves the lock as it was: held. */
static int become_busy(void)
{
    int rc = 0;

    if (sim_one_in(2)) {
        rc = weft_condition_wait_for(&condition, is_free, NULL);
    } else {
        while (busy && rc == 0)
            rc = weft_condition_wait(&condition);
    }
    SIM_CHECK(weft_condition_locked(&condition));
    SIM_CHECK(rc < 0 || !busy);
    busy |= rc == 0;
    return rc;
}

/* The lock was not interrupted, so it can be had, sooner or later. */
static void be_free(void)
{
    while (weft_condition_acquire(&condition) < 0)
        SIM_CHECK(world.cancelling);
    busy = false;
    SIM_CHECK(weft_condition_notify(&condition, 1) == 0);
    if (sim_one_in(2))
        stay();
    SIM_CHECK(weft_condition_release(&condition) == 0);
}

static int use_condition(void)
{
    int rc = weft_condition_acquire(&condition);

    if (rc < 0)
        return rc;
    rc = become_busy();
    SIM_CHECK(weft_condition_release(&condition) == 0);
    if (rc < 0)
        return rc;
    stay();
    be_free();
    return 0;
}

static void check_condition(void)
{
    SIM_CHECK(!busy && !weft_condition_locked(&condition));
    SIM_CHECK(weft_condition_notify_all(&condition) == -EPERM);
}

static const struct kind kinds[] = {
    {"condition", make_condition, use_condition, NULL, check_condition},
};

int main(int argc, char **argv)
{
    return sync_main(argc, argv, kinds, sizeof kinds / sizeof *kinds);
}
