/* SPDX-License-Identifier: MIT */
/* What tasks share, under random cancels (sync.h): a value is made by one at a time, and once;
 * many read or one writes. */

#include "sync.h"

/* ---- once: most who make the value fail, so that the others follow ---- */

static weft_once_t once;
static bool making;
static const void *made;

static void make_once(void)
{
    weft_once_init(&once);
    making = false;
    made = NULL;
}

static int make_value(void *arg, void **value)
{
    SIM_CHECK(!making && !made);
    making = true;
    stay();
    making = false;
    if (!sim_one_in(32))
        return -EIO;
    made = *value = arg;
    return 0;
}

static int use_once(void)
{
    void *value;
    int own, rc = weft_once_get_or_init(&once, make_value, &own, &value);

    SIM_CHECK(rc < 0 || (made && value == made));
    return rc == -EIO ? 0 : rc;
}

static void set_once(void)
{
    void *value;

    if (sim_one_in(64) && weft_once_set(&once, &once) == 0) {
        SIM_CHECK(!making && !made);
        made = &once;
    }
    SIM_CHECK(!weft_once_get(&once, &value) || value == made);
}

static void check_once(void)
{
    SIM_CHECK(!making && weft_once_set(&once, &once) == (made ? -EALREADY : 0));
}

/* ---- rwlock: nobody beside who writes; free at the end ---- */

static weft_rwlock_t rwlock;
static unsigned readers, writers;

static void make_rwlock(void)
{
    weft_rwlock_init(&rwlock);
    readers = writers = 0;
}

static void be_inside(unsigned *as, void (*act)(void))
{
    ++*as;
    SIM_CHECK(writers == 0 || (writers == 1 && readers == 0));
    act();
    --*as;
    SIM_CHECK(weft_rwlock_release(&rwlock) == 0);
}

static void try_rwlock(void (*act)(void))
{
    if (sim_one_in(2) && weft_rwlock_try_acquire_read(&rwlock))
        be_inside(&readers, act);
    else if (weft_rwlock_try_acquire_write(&rwlock))
        be_inside(&writers, act);
}

static void meddle_with_rwlock(void)
{
    try_rwlock(pass);
}

static int use_rwlock(void)
{
    bool writes = sim_one_in(3);

    if (sim_one_in(8)) {
        try_rwlock(stay);
        return 0;
    }
    int rc = writes ? weft_rwlock_acquire_write(&rwlock) : weft_rwlock_acquire_read(&rwlock);
    if (rc == 0)
        be_inside(writes ? &writers : &readers, stay);
    return rc;
}

static void check_rwlock(void)
{
    SIM_CHECK(weft_rwlock_try_acquire_write(&rwlock));
    SIM_CHECK(weft_rwlock_release(&rwlock) == 0 && weft_rwlock_release(&rwlock) == -EPERM);
}

static const struct kind kinds[] = {
    {"once", make_once, use_once, set_once, .check = check_once},
    {"rwlock", make_rwlock, use_rwlock, meddle_with_rwlock, .check = check_rwlock},
};

int main(int argc, char **argv)
{
    return sync_main(argc, argv, kinds, sizeof kinds / sizeof *kinds);
}
