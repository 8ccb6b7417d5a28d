/* SPDX-License-Identifier: MIT */
/* call graph: the conformance items on who awaits whom. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/serial.h"

TestSuite(call_graph, .timeout = 60);

/* The task at the end of each chain: it says when it stands, and waits. */
static weft_future_t *begun, *gate;
static weft_task_t *leaf;

WEFT_CORO(waits_at_the_gate)
{
    leaf = weft_current_task();
    weft_set_result(begun, NULL);
    return weft_await(gate, NULL);
}

static weft_coro_t *new_leaf(void)
{
    begun = weft_create_future(NULL);
    gate = weft_create_future(NULL);
    return weft_coro(&waits_at_the_gate, NULL);
}

static void leaf_is_there(void)
{
    CHECK_INT(weft_join(begun, NULL), 0);
}

static void let_go(weft_task_t *awaiter, int outcome)
{
    CHECK_INT(weft_set_result(gate, NULL), 0);
    CHECK_INT(weft_join(awaiter, NULL), outcome);
    weft_unref(gate);
}

static bool is_called(weft_awaitable_t *aw, const char *name)
{
    char is[64];

    weft_get_name(aw, is, sizeof is);
    return strcmp(is, name) == 0;
}

/* Whether [name] is among those who wait for [aw], by way of at most one future. */
static bool is_awaited_by(weft_awaitable_t *aw, const char *name)
{
    weft_call_graph_t *graph;
    bool found = false;

    if (!CHECK_INT(weft_capture_call_graph(aw, 0, &graph), 0))
        return false;
    for (size_t i = 0; i < graph->count; i++) {
        weft_call_graph_t *by = graph->awaited_by[i];
        found = found || is_called(by->future, name);
        for (size_t k = 0; k < by->count; k++)
            found = found || is_called(by->awaited_by[k]->future, name);
    }
    weft_call_graph_free(graph);
    return found;
}

/* [fn] waits for the leaf in some way, is its awaiter while it does, and is not afterwards. */
static void edge(const weft_corofn_t *fn)
{
    weft_task_t *kept;
    weft_task_t *awaiter = weft_create_task(weft_coro(fn, new_leaf()), .name = "awaiter");

    leaf_is_there();
    while (!is_awaited_by(leaf, "awaiter")) /* it may be about to suspend */
        turn();
    kept = weft_ref(leaf);
    let_go(awaiter, 0);
    CHECK(!is_awaited_by(kept, "awaiter"));
    weft_unref(kept);
}

WEFT_CORO(by_task)
{
    return weft_join(weft_create_task(arg), NULL);
}

WEFT_CORO(by_gather)
{
    return weft_gather(WEFT_AWS(weft_create_task(arg)), NULL);
}

WEFT_CORO(by_shield)
{
    return weft_join(weft_shield(arg), NULL);
}

WEFT_CORO(by_wait)
{
    weft_awaitable_t *aws[] = {weft_create_task(arg)};
    size_t done;
    int rc = weft_wait(aws, 1, WEFT_NONE, WEFT_ALL_COMPLETED, &done);

    weft_unref(aws[0]);
    return rc;
}

WEFT_CORO(by_timeout)
{
    weft_timeout_t timeout;
    int rc = weft_timeout_enter(&timeout, WEFT_S(1000));

    if (rc == 0)
        rc = weft_join(weft_create_task(arg), NULL);
    return weft_timeout_exit(&timeout, rc);
}

WEFT_CORO(by_group)
{
    weft_taskgroup_t group = {0};
    int rc = weft_taskgroup_enter(&group);

    if (rc == 0)
        rc = weft_taskgroup_create_task(&group, arg, NULL);
    return weft_taskgroup_exit(&group, rc);
}

WEFT_CORO(by_race)
{
    return weft_race(WEFT_AWS(arg), NULL, NULL);
}

WEFT_CORO(by_staggered_race)
{
    return weft_staggered_race(WEFT_AWS(arg), WEFT_NONE, NULL, NULL);
}

WEFT_CORO(c330)
{
    edge(&by_task);
    edge(&by_gather);
    edge(&by_shield);
    edge(&by_wait);
    edge(&by_timeout);
    edge(&by_group);
    edge(&by_race);
    edge(&by_staggered_race);
    return 0;
}

CASE(call_graph, C330_each_way_to_wait_makes_an_edge_which_is_gone_afterwards)
{
    BOTH(&c330, NULL);
}

WEFT_CORO(awaits_it)
{
    weft_set_result(begun, NULL);
    return weft_await(arg, NULL);
}

WEFT_CORO(c330_future)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *task;

    begun = weft_create_future(NULL);
    task = weft_create_task(weft_coro(&awaits_it, future), .name = "awaiter");
    leaf_is_there();
    while (!is_awaited_by(future, "awaiter"))
        turn();
    CHECK_INT(weft_set_result(future, NULL), 0);
    CHECK(!is_awaited_by(future, "awaiter"));
    CHECK_INT(weft_join(task, NULL), 0);
    weft_unref(future);
    return 0;
}

CASE(call_graph, C330_a_future_too)
{
    BOTH(&c330_future, NULL);
}

/* ---- C331 ---- */

enum { CHAIN = 20 };

WEFT_CORO(awaits_the_next)
{
    intptr_t left = (intptr_t)arg;
    char name[16];

    snprintf(name, sizeof name, "link %d", (int)left);
    return weft_join(
        left == 0 ? weft_create_task(weft_coro(&waits_at_the_gate, NULL), .name = name)
                  : weft_create_task(weft_coro(&awaits_the_next, (void *)(left - 1)), .name = name),
        NULL);
}

static int length_of(const weft_call_graph_t *graph)
{
    int length = 1;

    for (; graph->count == 1; length++)
        graph = graph->awaited_by[0];
    return length;
}

/* The text once the chain from [aw] outwards has [length] links. */
static char *text_of_chain(weft_awaitable_t *aw, int length)
{
    weft_call_graph_t *graph = NULL;
    char *text = NULL;
    bool whole;

    do {
        weft_call_graph_free(graph);
        turn();
        if (!CHECK_INT(weft_capture_call_graph(aw, 32, &graph), 0))
            return NULL;
        whole = length_of(graph) == length;
    } while (!whole);
    weft_call_graph_free(graph);
    CHECK_INT(weft_format_call_graph(aw, 32, &text), 0);
    return text;
}

WEFT_CORO(c331)
{
    weft_task_t *task;
    char *text;

    weft_coro_close(new_leaf());
    task = weft_create_task(weft_coro(&awaits_the_next, (void *)CHAIN), .name = "root");
    leaf_is_there();
    text = text_of_chain(leaf, CHAIN + 2);
    CHECK(text && strncmp(text, "* link 0, created at ", 21) == 0);
    CHECK(text && strstr(text, "\n  + Call stack:\n  |   "));
    CHECK(text && strstr(text, "\n  + Awaited by:\n     * link 1, created at "));
    CHECK(text && strstr(text, "* root, created at "));
    free(text);
    let_go(task, 0);
    return 0;
}

CASE(call_graph, C331_a_chain_is_printed_from_the_inside_out)
{
    BOTH(&c331, NULL);
}

WEFT_CORO(c331_tree)
{
    weft_future_t *future = weft_create_future(NULL);
    weft_task_t *task[3];
    weft_call_graph_t *graph = NULL;

    for (int i = 0; i < 3; i++) {
        begun = weft_create_future(NULL);
        task[i] = weft_create_task(weft_coro(&awaits_it, future));
        leaf_is_there();
    }
    do {
        weft_call_graph_free(graph);
        turn();
        CHECK_INT(weft_capture_call_graph(future, 8, &graph), 0);
    } while (graph->count < 3);
    weft_call_graph_free(graph);
    CHECK_INT(weft_set_result(future, NULL), 0);
    for (int i = 0; i < 3; i++)
        CHECK_INT(weft_join(task[i], NULL), 0);
    weft_unref(future);
    return 0;
}

CASE(call_graph, C331_all_who_wait_are_in_the_tree)
{
    BOTH(&c331_tree, NULL);
}

/* ---- C333 ---- */

static weft_task_t *ring[2];

WEFT_CORO(awaits_the_other)
{
    int rc = weft_await(gate, NULL);

    return rc < 0 ? rc : weft_await(ring[1 - (intptr_t)arg], NULL);
}

WEFT_CORO(c333_cycle)
{
    char *text = NULL;

    gate = weft_create_future(NULL);
    for (intptr_t i = 0; i < 2; i++)
        ring[i] =
            weft_create_task(weft_coro(&awaits_the_other, (void *)i), .name = i ? "hen" : "egg");
    CHECK_INT(weft_set_result(gate, NULL), 0);
    do {
        free(text);
        turn();
        CHECK_INT(weft_format_call_graph(ring[0], 0, &text), 0);
    } while (!strstr(text, "(see above)"));
    CHECK(strncmp(text, "* egg, created at ", 18) == 0);
    CHECK(strstr(text, "     * hen, created at "));
    free(text);
    weft_cancel(ring[0]);
    for (int i = 0; i < 2; i++)
        CHECK_INT(weft_await(ring[i], NULL), -ECANCELED);
    for (int i = 0; i < 2; i++) /* not before: each borrows the other */
        weft_unref(ring[i]);
    weft_unref(gate);
    return 0;
}

CASE(call_graph, C333_a_cycle_ends_where_it_closes)
{
    BOTH(&c333_cycle, NULL);
}

WEFT_CORO(c333_alone)
{
    weft_call_graph_t *graph = NULL;
    weft_coro_t *coro = weft_coro(&c330, NULL);
    char *text = NULL;
    weft_task_t *unnamed = weft_current_task();

    CHECK_INT(weft_capture_call_graph(NULL, 4, &graph), 0);
    CHECK(graph && graph->future == unnamed && graph->frames > 0 && graph->frames <= 4);
    weft_call_graph_free(graph);
    CHECK_INT(weft_format_call_graph(unnamed, 0, &text), 0);
    CHECK(text && strncmp(text, "* Task-", 7) == 0 && !strstr(text, "Call stack"));
    free(text);
    CHECK_INT(weft_capture_call_graph(coro, 4, &graph), -EPROTOTYPE);
    CHECK(graph == NULL);
    CHECK_INT(weft_capture_call_graph(NULL, 4, NULL), -EINVAL);
    weft_coro_close(coro);
    weft_call_graph_free(NULL);
    return 0;
}

CASE(call_graph, C333_what_nobody_awaits_what_has_no_name_and_what_is_no_future)
{
    weft_call_graph_t *graph;

    BOTH(&c333_alone, NULL);
    CHECK_INT(weft_capture_call_graph(NULL, 4, &graph), -EPERM);
}
