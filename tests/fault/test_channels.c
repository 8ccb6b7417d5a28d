/* SPDX-License-Identifier: MIT */
/* channels: values from task to task, each call failing in turn (rounds.h). */
#include "tests/fault/rounds.h"

TestSuite(faults_channels, .timeout = 60);

static int first(int rc, int next)
{
    return rc < 0 ? rc : next;
}

/* What could not be sent is not received, and the rest in order. */
static int pass(weft_channel_t *channel, int count)
{
    int rc = 0, sent = 0, got;

    while (rc == 0 && sent < count) {
        rc = weft_channel_send(channel, &sent);
        sent += rc == 0;
    }
    weft_channel_close(channel);
    for (int i = 0; i < sent; i++) {
        CHECK(weft_channel_recv(channel, &got) == 0);
        CHECK(got == i);
    }
    CHECK(weft_channel_recv(channel, &got) == -EPIPE);
    return rc;
}

FAULTS(faults_channels, channels)
{
    weft_channel_t *bounded, *unbounded;
    int rc = weft_channel_create(&bounded, 4, sizeof(int));

    if (rc < 0)
        return rc;
    CHECK(pass(bounded, 4) == 0);
    weft_channel_unref(bounded);
    rc = weft_channel_create(&unbounded, WEFT_UNBOUNDED, sizeof(int));
    if (rc < 0)
        return rc;
    rc = first(rc, pass(unbounded, 40));
    weft_channel_unref(unbounded);
    return rc;
}

FAULTS(faults_channels, broadcasts)
{
    weft_broadcast_t *broadcast;
    weft_subscription_t *mine;
    int got, rc = weft_broadcast_create(&broadcast, 2, sizeof(int));

    if (rc < 0)
        return rc;
    rc = weft_subscription_create(&mine, broadcast);
    if (rc == 0) {
        CHECK(weft_broadcast_send(broadcast, &(int){1}) == 0);
        CHECK(weft_subscription_recv(mine, &got) == 0);
        CHECK(got == 1);
        weft_subscription_free(mine);
    }
    weft_broadcast_unref(broadcast);
    return rc;
}

FAULTS(faults_channels, latest)
{
    weft_latest_t *progress;
    uint64_t seen = 0;
    int got, rc = weft_latest_create(&progress, sizeof(int), &(int){1});

    if (rc < 0)
        return rc;
    CHECK(weft_latest_changed(progress, &seen, &got) == 0);
    CHECK(got == 1);
    weft_latest_unref(progress);
    return rc;
}

WEFT_CORO(sleeps_a_little)
{
    return weft_sleep(WEFT_MS(1));
}

FAULTS(faults_channels, selects)
{
    weft_task_t *task = weft_create_task(weft_coro(&sleeps_a_little, NULL));
    weft_channel_t *channel;
    int got, rc = weft_channel_create(&channel, 0, sizeof(int));

    if (rc == 0) {
        weft_select_t branches[] = {WEFT_SELECT_RECV(channel, &got), WEFT_SELECT_DONE(task)};
        rc = weft_select(branches, 2, WEFT_S(30));
        CHECK(rc < 0 || rc == 1);
        CHECK(weft_channel_try_send(channel, &rc) == -EAGAIN);
        weft_channel_unref(channel);
    }
    int end = weft_join(task, NULL);
    return rc < 0 ? rc : end;
}
