/* SPDX-License-Identifier: MIT */
/*
 * The whole scheduler, run by seeds over the virtual driver: a random program on one to four
 * workers, with threads outside that meddle.
 *
 * Tasks build trees, wait in every kind of wait, cancel and look at each other, compute for too
 * long; foreign threads call into the loop, cancel, complete futures, stop it; some runs close it
 * in the middle. One of the threads, the janitor, ends in time whatever would wait for ever, and
 * sleeps when nothing does: so a wake-up that is lost leaves nobody who moves, and the driver says
 * so.
 *
 * What is checked, beside what the runtime asserts itself:
 *   - each body runs once and each task ends once, with an outcome that it can have; without
 *     cancels in the program, nobody sees one;
 *   - each callback is called once; those of one thread in its order, those of the loop one at a
 *     time;
 *   - steps of a strand never overlap, first steps come in the order of creation; pinned tasks
 *     stay;
 *   - bytes arrive once and in order, whoever was cancelled;
 *   - a cancel that was accepted is delivered: no task that succeeds has one left;
 *   - after the end no task, no awaitable, no descriptor is left;
 *   - the same seed gives the same run.
 */
#include "waits.h"

/* ---- tasks ---- */

static const weft_corofn_t body;

static void enter(struct node *node, unsigned worker)
{
    struct strand *strand = node->strand < 0 ? NULL : &world.strands[node->strand];

    SIM_CHECK(!node->pinned || weft__self()->id == worker);
    if (!strand)
        return;
    SIM_CHECK(strand->inside++ == 0);
    pass();
    SIM_CHECK(--strand->inside == 0);
}

static struct node *new_node(void)
{
    if (world.node_count == NODES)
        return NULL;
    struct node *node = &world.nodes[world.node_count++];
    node->strand = -1;
    return node;
}

static void count_end(weft_future_t *future, void *arg)
{
    struct node *node = arg;

    SIM_CHECK(weft_done(future) && node->called == 0);
    node->called++;
}

/* Starts a task for [node], whose reference is the caller's; the world may keep another. */
static weft_task_t *start(struct node *node, bool known)
{
    weft_task_opts_t opts = {.size = sizeof opts, .strand = WEFT_PARALLEL};

    if (world.has_strands && sim_one_in(4)) {
        node->strand = (int)sim_below(STRANDS);
        opts.strand = world.strands[node->strand].strand;
    } else if (sim_one_in(8)) {
        node->pinned = opts.pinned = true;
        opts.strand = NULL;
    }
    weft_task_t *task = weft_create_task_opts(weft_coro(&body, node), &opts);
    SIM_CHECK(weft__kind(task) == WEFT__KIND_TASK);
    if (known)
        node->task = weft_ref(task);
    if (known && sim_one_in(4)) {
        SIM_CHECK(weft_add_done_callback(task, count_end, node) == 0);
        node->watched = 1;
    }
    return task;
}

static int check_outcome(int rc, void *const *value, const struct node *node)
{
    SIM_CHECK(is_possible(rc));
    SIM_CHECK(rc < 0 || *value == node);
    return rc;
}

static int await_child(void)
{
    struct node *node = new_node();
    bool known = sim_one_in(2);
    void *value = NULL;

    if (!node)
        return 0;
    weft_task_t *task = start(node, known);
    if (sim_one_in(3)) {
        int rc = weft_sleep(0);
        if (rc < 0) {
            weft_unref(task);
            return rc;
        }
    }
    return check_outcome(weft_join(task, &value), &value, node);
}

static int gather_children(void)
{
    weft_awaitable_t *aws[MOST];
    struct node *nodes[MOST];
    weft_gather_opts_t opts = {.size = sizeof opts, .return_exceptions = sim_one_in(2)};
    uint32_t n = 0;
    size_t count;

    if (world.future_count == FUTURES)
        return 0;
    weft_future_t **gather = &world.futures[world.future_count++]; /* others come meanwhile */
    for (uint32_t want = sim_below(MOST + 1); n < want && (nodes[n] = new_node()); n++) {
        bool coro = sim_one_in(2);
        aws[n] = coro ? weft_coro(&body, nodes[n]) : start(nodes[n], sim_one_in(2));
        if (coro && sim_one_in(2))
            nodes[n]->task = weft_ref(aws[n]);
    }
    *gather = weft_gather_future_opts(aws, n, &opts);
    int rc = weft_await(*gather, NULL);
    SIM_CHECK(is_possible(rc));
    const weft_result_t *results = weft_gather_results(*gather, &count);
    SIM_CHECK(rc < 0 || (results && count == n));
    for (uint32_t i = 0; i < n && rc == 0; i++) {
        SIM_CHECK(opts.return_exceptions || results[i].err == 0);
        check_outcome(results[i].err, &results[i].value, nodes[i]);
    }
    return rc;
}

/* ---- waits ---- */

/* Somebody else's task, also one that waits for us: only the time-out ends that. */
static int await_other(void)
{
    struct node *node = &world.nodes[sim_below(world.node_count)];
    void *value = NULL;

    if (!world.cancels || !node->task || node->task == weft_current_task() ||
        weft__kind(node->task) != WEFT__KIND_TASK)
        return weft_sleep(0);
    return check_outcome(weft_wait_for(node->task, WEFT_US(1 + sim_below(1000)), &value), &value,
                         node);
}

/* ---- the random program ---- */

static int act(unsigned depth);

static int scoped(unsigned depth)
{
    weft_timeout_t scope;
    int rc = weft_timeout_enter(&scope, world.cancels ? WEFT_US(sim_below(800)) : WEFT_NONE);

    SIM_CHECK(rc == 0);
    return weft_timeout_exit(&scope, act(depth + 1));
}

static int limited(void)
{
    struct node *node = new_node();
    void *value = NULL;

    if (!node)
        return 0;
    weft_ns_t limit = world.cancels ? WEFT_US(1 + sim_below(800)) : WEFT_NONE;
    return check_outcome(weft_wait_for(weft_coro(&body, node), limit, &value), &value, node);
}

static int act(unsigned depth)
{
    if (depth > 3)
        return weft_sleep(0);
    switch (sim_below(18)) {
    case 0:
        return weft_sleep(0);
    case 1:
        return weft_sleep(WEFT_US(sim_below(2000)));
    case 2:
        return await_future();
    case 3:
        return gather_children();
    case 4:
        return limited();
    case 5:
        return scoped(depth);
    case 6:
    case 7:
        return use_pipe();
    case 8:
        return use_thread();
    case 9:
        return use_callback();
    case 10:
        complete_one();
        return 0;
    case 11:
        cancel_one();
        pass();
        return 0;
    case 12:
        return await_endless();
    case 13:
        return await_other();
    case 14:
        return start_in_order();
    case 15:
        return use_connection();
    case 16:
        look_at_one();
        return 0;
    default:
        return await_child();
    }
}

WEFT_CORO(body)
{
    struct node *node = arg;
    unsigned worker = weft__self()->id;
    int rc = 0;

    SIM_CHECK(node->begun++ == 0);
    enter(node, worker);
    for (uint32_t n = 1 + sim_below(4); n > 0 && rc == 0; n--) {
        rc = act(0);
        SIM_CHECK(is_possible(rc));
        enter(node, worker);
        if (rc == -ECANCELED && sim_one_in(4))
            rc = 0; /* caught */
    }
    SIM_CHECK(node->ended++ == 0);
    *result = node;
    return rc;
}

/* ---- foreign threads ---- */

static void called(void *arg)
{
    uintptr_t thread = (uintptr_t)arg / CALLS, number = (uintptr_t)arg % CALLS;

    SIM_CHECK(world.inside++ == 0);
    SIM_CHECK(world.calls_taken[thread]++ == number);
    pass();
    SIM_CHECK(--world.inside == 0);
}

static void call_in(unsigned thread)
{
    uintptr_t number = world.calls_made[thread];

    if (number == CALLS)
        return;
    world.calls_made[thread]++;
    int rc =
        weft_loop_call_soon_threadsafe(world.loop, called, (void *)(thread * CALLS + number), NULL);
    SIM_CHECK(rc == 0 || (rc == -ESHUTDOWN && world.breaks));
}

static void run_in(void)
{
    struct node *node = new_node();
    weft_ns_t limit = sim_one_in(2) ? WEFT_NONE : WEFT_US(sim_below(500));
    void *value = NULL;

    if (!node)
        return;
    weft_cfuture_t *future = weft_run_coroutine_threadsafe(weft_coro(&body, node), world.loop);
    if (world.cancels && sim_one_in(4))
        (void)weft_cfuture_cancel(future);
    int rc = weft_cfuture_result(future, limit, &value);
    SIM_CHECK(limit != WEFT_NONE && rc == -ETIMEDOUT ? true : is_possible(rc) || world.breaks);
    SIM_CHECK(rc < 0 || value == node);
    weft_cfuture_unref(future);
}

static void foreign(void *arg)
{
    unsigned thread = (unsigned)(uintptr_t)arg;

    for (int i = 0; i < 20; i++) {
        switch (sim_below(9)) {
        case 0:
        case 1:
            call_in(thread);
            break;
        case 2:
            run_in();
            break;
        case 3:
            cancel_one();
            break;
        case 4:
            complete_one();
            break;
        case 5:
            if (world.stops && !world.over)
                weft_loop_stop(world.loop);
            break;
        case 6:
            look_at_one();
            break;
        default:
            sim_idle(sim_below(1000000));
        }
    }
    if (--world.foreign_left == 0) /* or the close has cancelled it, for its waiter */
        SIM_CHECK(weft_set_result(world.foreign_gone, NULL) == 0 || world.breaks);
}

/* Ends what would wait for ever. Returns whether there was any. */
static bool clean_up(void)
{
    bool any = world.open_count > 0 || world.endless_count > 0;

    if (sim_one_in(2))
        complete_one();
    else
        end_one_endless();
    for (int i = 0; i < PIPES; i++)
        any |= serve_pipe(&world.pipes[i]);
    return any;
}

static void janitor(void *arg)
{
    (void)arg;
    while (!world.over) {
        uint32_t seen = weft__load_acquire(&world.opened); /* acquire: as for real threads */
        if (clean_up())
            sim_idle(sim_below(400000));
        else
            sim_system->wait(&world.opened, seen, WEFT__NEVER);
    }
}

/* ---- the run ---- */

static bool something_is_missing(void)
{
    bool missing =
        world.soon_called < world.soon_made || world.port.accepted < world.port.connected;

    for (unsigned i = 0; i < world.node_count; i++)
        missing |= world.nodes[i].called < world.nodes[i].watched;
    for (unsigned i = 0; i < world.batch_count; i++)
        missing |= world.batches[i].begun < world.batches[i].given;
    return missing;
}

/* Waits for everything that was begun; what is begun meanwhile comes later in the list. */
WEFT_CORO(root)
{
    for (int i = 0; i < STRANDS; i++)
        SIM_CHECK((world.strands[i].strand = weft_strand_create()) != NULL);
    world.has_strands = true; /* what a foreign thread started may run already */
    for (uint32_t n = 4 + sim_below(12); n > 0; n--)
        weft_unref(start(new_node(), true));
    world.port.task = weft_create_task(weft_coro(&accept_all, NULL), .pinned = sim_one_in(2));
    SIM_CHECK(weft_await(world.foreign_gone, NULL) == 0);
    for (unsigned i = 0; i < world.node_count; i++) {
        weft_task_t *task = world.nodes[i].task;
        if (task && weft__kind(task) == WEFT__KIND_TASK) /* a coroutine: a gather will start it */
            SIM_CHECK(is_possible(weft_await(task, NULL)));
    }
    for (;;) { /* those that nobody knows */
        weft_task_t **tasks;
        size_t count;
        SIM_CHECK(weft_all_tasks(NULL, &tasks, &count) == 0);
        for (size_t i = 0; i < count; i++)
            weft_unref(tasks[i]);
        free(tasks);
        if (count == 2 && !something_is_missing())
            break;
        SIM_CHECK(weft_sleep(WEFT_US(100)) == 0);
    }
    SIM_CHECK(weft_cancel(world.port.task));
    int rc = weft_await(world.port.task, NULL);
    return rc == -ECANCELED && !world.port.ended ? 0 : rc; /* it had not begun */
}

static void run_once(void *rc)
{
    *(int *)rc = weft_loop_run_until_complete(world.loop, world.main, NULL);
}

/* Runs until all is done, however often it is stopped, on one thread or another; or until the first
 * stop. */
static void run_to_the_end(void)
{
    int rc;

    run_once(&rc);
    while (rc == WEFT_ESTOPPED && !world.breaks) {
        weft__thread other;
        sim_idle(sim_below(1000000));
        if (sim_one_in(2)) {
            run_once(&rc);
        } else {
            SIM_CHECK(weft__virtual_thread(&other, run_once, &rc) == 0);
            sim_system->thread_join(other);
        }
    }
    SIM_CHECK(rc == 0 || (rc == WEFT_ESTOPPED && world.breaks));
    world.breaks &= rc == WEFT_ESTOPPED;
    world.over = world.over || !world.breaks;
}

static void forget_report(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)arg;
    SIM_CHECK(loop == world.loop && context->message != NULL);
}

static void check_nodes(void)
{
    for (unsigned i = 0; i < world.node_count; i++) {
        struct node *node = &world.nodes[i];
        weft_task_t *task = node->task;
        SIM_CHECK(node->ended == node->begun || world.breaks);
        SIM_CHECK(node->called == node->watched || world.breaks);
        if (!task || weft__kind(task) != WEFT__KIND_TASK)
            continue;
        SIM_CHECK(weft_done(task));
        SIM_CHECK(task->error < 0 ||
                  !weft__tokens_pending(weft__load_relaxed(&task->tokens))); /* relaxed: the end */
    }
    for (int i = 0; i < FOREIGN; i++)
        SIM_CHECK(world.calls_taken[i] == world.calls_made[i] || world.breaks);
}

static void drop(weft_awaitable_t *aw)
{
    if (aw)
        (void)weft_result(aw, NULL); /* looked at: nothing to report */
    weft_unref(aw);
}

static void drop_all(void)
{
    for (unsigned i = 0; i < world.node_count; i++)
        drop(world.nodes[i].task);
    for (unsigned i = 0; i < world.future_count; i++)
        drop(world.futures[i]);
    for (int i = 0; i < STRANDS; i++)
        weft_strand_unref(world.strands[i].strand);
    close_network();
    weft_unref(world.port.task);
    weft_unref(world.foreign_gone);
}

static void make_world(void)
{
    struct weft__loop_config config = {.class = &weft__driver_virtual};

    memset(&world, 0, sizeof world);
    config.workers = 1 + sim_below(4);
    config.order = sim_one_in(2) ? WEFT_ORDER_FREE : WEFT_ORDER_DEFAULT;
    world.cancels = !sim_one_in(3);
    world.errors = sim_one_in(3);
    world.stops = sim_one_in(2);
    world.breaks = world.stops && sim_one_in(2);
    open_network();
    SIM_CHECK(weft__loop_new(&world.loop, &config) == 0);
    weft_loop_set_exception_handler(world.loop, forget_report, NULL);
    world.foreign_gone = weft_create_future(world.loop);
    world.foreign_left = 1 + sim_below(FOREIGN);
}

static uint64_t run(uint64_t seed)
{
    unsigned before = sim_awaitables(), foreigners;
    weft__thread threads[FOREIGN + 1];

    sim_begin(weft__virtual_swarm(seed), 100 * WEFT__SECOND);
    make_world();
    foreigners = world.foreign_left;
    weft_task_opts_t opts = {.size = sizeof opts};
    SIM_CHECK(weft__create_task(world.loop, weft_coro(&root, NULL), &opts, &world.main) == 0);
    for (uintptr_t i = 0; i < foreigners; i++)
        SIM_CHECK(weft__virtual_thread(&threads[i], foreign, (void *)i) == 0);
    SIM_CHECK(weft__virtual_thread(&threads[foreigners], janitor, NULL) == 0);
    run_to_the_end();
    uint64_t hash = weft__virtual_hash(sim);
    SIM_CHECK(weft_loop_close(world.loop) == 0);
    SIM_CHECK(weft_done(world.main));
    world.over = true;
    tell_janitor();
    for (unsigned i = 0; i <= foreigners; i++)
        sim_system->thread_join(threads[i]);
    weft_unref(world.main);
    check_nodes();
    drop_all();
    weft_loop_unref(world.loop);
    SIM_CHECK(sim_awaitables() == before || world.breaks);
    sim_end();
    return hash;
}

int main(int argc, char **argv)
{
    return sim_main(argc, argv, run, 200, true);
}
