/* SPDX-License-Identifier: MIT */
/* What tasks share, under random cancels (sync.h): a value is made by one at a time, and once. */

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

static const struct kind kinds[] = {
    {"once", make_once, use_once, set_once, check_once},
};

int main(int argc, char **argv)
{
    return sync_main(argc, argv, kinds, sizeof kinds / sizeof *kinds);
}
