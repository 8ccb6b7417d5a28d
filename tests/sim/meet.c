/* SPDX-License-Identifier: MIT */
/* What tasks tell each other by, under random cancels (sync.h): whoever is told goes on, or tells
 * the next. */

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

/* ---- barrier: as many as it is for go on at a time; nobody is left behind, inside or outside.
 * When there are not enough left, it is aborted ---- */

static weft_barrier_t barrier;
static unsigned come, gone_on;
static bool aborting; /* sometimes, before */

static void make_barrier(void)
{
    SIM_CHECK(weft_barrier_init(&barrier, 1 + (int)sim_below(5)) == 0);
    come = gone_on = 0;
    aborting = sim_one_in(4);
}

static bool are_not_enough(void)
{
    return world.ended + (unsigned)weft_barrier_parties(&barrier) > TASKS;
}

static void leave_barrier(void)
{
    if (are_not_enough())
        weft_barrier_abort(&barrier);
}

/* A reset is followed by a look: it may have undone the abort at the end. */
static void meddle_with_barrier(void)
{
    if (sim_one_in(4)) {
        if (aborting && sim_one_in(2))
            weft_barrier_abort(&barrier);
        weft_barrier_reset(&barrier);
        leave_barrier();
    }
    SIM_CHECK(weft_barrier_n_waiting(&barrier) < weft_barrier_parties(&barrier));
}

static int use_barrier(void)
{
    unsigned parties = (unsigned)weft_barrier_parties(&barrier);

    come++;
    int rc = weft_barrier_wait(&barrier);
    if (rc == WEFT_EBROKENBARRIER) {
        SIM_CHECK(world.meddling || are_not_enough());
        return 0;
    }
    if (rc < 0)
        return rc;
    gone_on++;
    SIM_CHECK((unsigned)rc < parties);
    SIM_CHECK((gone_on + parties - 1) / parties * parties <= come);
    return 0;
}

static void check_barrier(void)
{
    SIM_CHECK(weft_barrier_broken(&barrier));
    weft_barrier_reset(&barrier);
    SIM_CHECK(weft_barrier_n_waiting(&barrier) == 0 && !weft_barrier_broken(&barrier));
}

/* ---- notify: a lock made of one, too; sometimes all are told, who look again ---- */

static weft_notify_t notify;

static void make_notify(void)
{
    weft_notify_init(&notify);
    busy = false;
}

static int use_notify(void)
{
    int rc = 0;

    while (busy && rc == 0)
        rc = weft_notify_wait(&notify);
    if (rc < 0)
        return rc;
    busy = true;
    stay();
    busy = false;
    weft_notify_one(&notify);
    if (sim_one_in(16))
        weft_notify_all(&notify);
    return 0;
}

static void check_notify(void)
{
    SIM_CHECK(!busy);
}

static const struct kind kinds[] = {
    {"notify", make_notify, use_notify, NULL, .check = check_notify},
    {"barrier", make_barrier, use_barrier, meddle_with_barrier, .check = check_barrier,
     .leave = leave_barrier},
    {"condition", make_condition, use_condition, NULL, .check = check_condition},
};

int main(int argc, char **argv)
{
    return sync_main(argc, argv, kinds, sizeof kinds / sizeof *kinds);
}
