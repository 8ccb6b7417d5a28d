/* SPDX-License-Identifier: MIT */
/*
 * The end of a loop, by seeds: it is stopped and closed while threads outside resume its tasks,
 * start others and call into it. scheduler.c closes some of its loops as well; here nearly every
 * step of the threads meets the close.
 *
 * What is checked:
 *   - a task runs at most once, and is done after the close, as cancelled if it had not ended;
 *   - what was accepted, of one thread, is called in its order, and nothing that was refused; after
 *     the first refusal all are;
 *   - no handler of a signal is left, whoever adds one meanwhile;
 *   - no awaitable is left, and nothing is touched that is gone (what only the sanitizers see:
 *     strands that only tasks hold, tasks that nobody holds, the loop itself: the last thread that
 *     holds it lets go of it while others have nothing but futures and handles of it).
 */
#include "loop.h"
#include "runtime/core/slab.h"

enum { TASKS = 12, FUTURES = 4, CHANNELS = 2, STRANDS = 2, STEPS = 60, CALLS = STEPS };
enum { BODIES = TASKS + SIM_FOREIGN * STEPS, OBJECTS = 4 * BODIES + 128 };

static struct world {
    weft_loop_t *loop;
    weft_strand_t *strands[STRANDS];
    weft_task_t *tasks[TASKS];
    weft_future_t *futures[FUTURES];
    weft_channel_t *channels[CHANNELS];
    unsigned begun[BODIES], bodies;
    weft_task_t *children[BODIES]; /* of these, at most one each */
    unsigned child_count;
    unsigned calls_made[SIM_FOREIGN], calls_taken[SIM_FOREIGN];
    bool refused[SIM_FOREIGN], ready, closed;
} world;

/* ---- tasks ---- */

static const weft_corofn_t pend;
static void fill_kept(void);

/* The reference is the world's: a frame that never runs again gives nothing back. */
static int wait_for_child(void)
{
    weft_task_t *child = weft_create_task(weft_coro(&pend, NULL));

    world.children[world.child_count++] = child;
    return weft_await(child, NULL);
}

static int wait_for_detached(void)
{
    weft_create_task(weft_coro(&pend, NULL), .detached = true);
    return weft_sleep(WEFT_NONE);
}

static int wait_for_several(void)
{
    weft_future_t *futures[FUTURES];
    size_t done;

    memcpy(futures, world.futures, sizeof futures);
    return weft_wait(futures, FUTURES, WEFT_NONE, (int)sim_below(3), &done);
}

static int select_one(void)
{
    int value = 0;
    weft_select_t branches[] = {WEFT_SELECT_RECV(world.channels[0], &value),
                                WEFT_SELECT_DONE(world.futures[sim_below(FUTURES)]),
                                WEFT_SELECT_SEND(world.channels[1], &value)};
    int which = weft_select(branches, 3, sim_one_in(2) ? WEFT_US(sim_below(50)) : WEFT_NONE);

    return which == -ECANCELED ? which : 0;
}

static int wait_in_scope(void)
{
    weft_scope_t scope;
    int rc = weft_move_on_after(&scope, WEFT_US(sim_below(50)));

    return rc < 0 ? rc : weft_scope_exit(&scope, sim_one_in(2) ? select_one() : wait_for_several());
}

WEFT_CORO(pend)
{
    unsigned *begun = arg;

    (void)result;
    SIM_CHECK(!begun || ++*begun == 1);
    switch (sim_below(begun ? 9 : 4)) {
    case 0:
        return weft_sleep(WEFT_US(sim_below(50)));
    case 1:
        return weft_sleep(WEFT_NONE);
    case 2:
        return 0;
    case 3:
        return wait_for_detached();
    case 4:
        return wait_for_child();
    case 5:
        return wait_for_several();
    case 6:
        return select_one();
    case 7:
        return wait_in_scope();
    default:
        return weft_await(world.futures[sim_below(FUTURES)], NULL);
    }
}

static unsigned *new_body(void)
{
    return &world.begun[world.bodies++];
}

WEFT_CORO(root)
{
    (void)arg;
    (void)result;
    for (int i = 0; i < STRANDS; i++)
        SIM_CHECK((world.strands[i] = weft_strand_create()) != NULL);
    for (int i = 0; i < TASKS; i++) {
        weft_strand_t *strand = sim_one_in(2) ? world.strands[sim_below(STRANDS)] : WEFT_PARALLEL;
        world.tasks[i] = weft_create_task(weft_coro(&pend, new_body()), .strand = strand);
    }
    fill_kept();
    for (int i = 0; i < STRANDS; i++)
        weft_strand_unref(world.strands[i]); /* from here on they are the tasks' */
    world.ready = true;
    for (uint32_t n = sim_below(3); n > 0; n--)
        SIM_CHECK(weft_sleep(WEFT_US(sim_below(20))) == 0);
    weft_loop_stop(world.loop);
    return 0;
}

/* ---- threads outside ---- */

static void (*any_point)(const char *point);

/* They lose their core at times, within a call, for about as long as the end of the loop takes;
 * often where a strand has got an entry and the loop has not got the strand. */
static void held_up(const char *point)
{
    any_point(point);
    if (weft__thread_local()->loop && strcmp(point, "spin") != 0 &&
        sim_one_in(strcmp(point, "inject") == 0 ? 2 : 32))
        sim_idle(sim_below(40000));
}

/* Marks this thread as one of them; those of the loop have set none. */
static void is_outside(void)
{
    weft_set_event_loop(world.loop);
}

/* ---- threads that hold nothing else of the loop ---- */

enum { KEEPERS = 2, KEPT = 12 };

/* Of those of a number: the future has a done callback, in a strand for the most part. */
static struct kept {
    weft_future_t *future;
    weft_handle_t *handle;
    unsigned told, rung;
    bool cancelled;
} kept[KEEPERS][KEPT];

static void told(weft_future_t *future, void *arg)
{
    struct kept *k = arg;

    SIM_CHECK(!world.closed && weft_done(future) && ++k->told == 1);
}

static void rung(void *arg)
{
    struct kept *k = arg;

    SIM_CHECK(!world.closed && !k->cancelled && ++k->rung == 1);
    if (sim_one_in(2))
        sim_idle(sim_below(2000)); /* whoever cancels it waits */
}

/* Run by the task that is to be told, in its strand. */
WEFT_CORO(listen)
{
    struct kept *k = arg;

    (void)result;
    SIM_CHECK(weft_add_done_callback(k->future, told, k) == 0);
    return sim_one_in(2) ? weft_await(k->future, NULL) : 0;
}

static void fill_one(struct kept *k)
{
    weft_strand_t *strand = sim_one_in(4) ? WEFT_PARALLEL : world.strands[sim_below(STRANDS)];

    k->future = weft_create_future(NULL);
    weft_create_task(weft_coro(&listen, k), .strand = strand, .detached = true);
    SIM_CHECK(weft_loop_call_later(world.loop, WEFT_US(sim_below(60)), rung, k, &k->handle) == 0);
}

static void fill_kept(void)
{
    for (int i = 0; i < KEEPERS * KEPT; i++)
        fill_one(&kept[i / KEPT][i % KEPT]);
}

static void keeper(void *arg)
{
    static unsigned count;
    struct kept *mine = kept[count++ % KEEPERS];

    (void)arg;
    is_outside();
    while (!world.ready)
        sim_idle(200);
    for (int i = 0; i < KEPT; i++) {
        sim_idle(sim_below(5000));
        SIM_CHECK(weft_set_result(mine[i].future, NULL) == 0);
        sim_idle(sim_below(2000));
        weft_handle_cancel(mine[i].handle);
        mine[i].cancelled = true; /* when it returns: it is not called any more */
        weft_handle_unref(mine[i].handle);
    }
}

/* ---- foreign threads ---- */

static void called(void *arg)
{
    uintptr_t thread = (uintptr_t)arg / CALLS, number = (uintptr_t)arg % CALLS;

    SIM_CHECK(world.calls_taken[thread]++ == number);
}

static void call_in(unsigned thread)
{
    uintptr_t word = thread * CALLS + world.calls_made[thread];
    bool closed = world.closed;
    int rc = weft_loop_call_soon_threadsafe(world.loop, called, (void *)word, NULL);

    SIM_CHECK(rc == 0 || rc == -ESHUTDOWN);
    SIM_CHECK(rc < 0 || (!closed && !world.refused[thread]));
    world.refused[thread] = rc < 0;
    world.calls_made[thread] += rc == 0;
}

static void run_in(void)
{
    unsigned *begun = new_body();
    void *value;
    weft_cfuture_t *cf = weft_run_coroutine_threadsafe(weft_coro(&pend, begun), world.loop);

    if (sim_one_in(2))
        (void)weft_cfuture_cancel(cf);
    int rc = weft_cfuture_result(cf, 0, &value);
    SIM_CHECK(rc != -ESHUTDOWN || *begun == 0);
    weft_cfuture_unref(cf);
}

static void start_detached(void)
{
    unsigned *begun = new_body();
    weft_task_t *task =
        weft_loop_create_task(world.loop, weft_coro(&pend, begun), .detached = true);

    if (task) { /* what says that it is refused */
        SIM_CHECK(weft_result(task, NULL) == -ESHUTDOWN && *begun == 0);
        weft_unref(task);
    }
}

static void look_at_it(void)
{
    weft_stats_t stats = {.size = sizeof stats};

    SIM_CHECK(weft_loop_stats(world.loop, &stats) == 0 && stats.workers > 0);
}

static void exchange(void)
{
    int value = 0;
    int rc = sim_one_in(2) ? weft_channel_try_send(world.channels[0], &value)
                           : weft_channel_try_recv(world.channels[1], &value);

    SIM_CHECK(rc == 0 || rc == -EAGAIN);
}

static void ignore(void *arg)
{
    (void)arg;
}

static void handle_signal(void)
{
    bool closed = world.closed;
    int rc = weft_loop_add_signal_handler(world.loop, SIGUSR1, ignore, NULL);

    SIM_CHECK(rc == -ESHUTDOWN || (rc == 0 && !closed));
    if (sim_one_in(2))
        (void)weft_loop_remove_signal_handler(world.loop, SIGUSR1);
}

/* With a reference of its own to the loop. */
static void foreign(void *arg)
{
    static unsigned count;
    unsigned thread = count++ % SIM_FOREIGN;

    (void)arg;
    is_outside();
    for (int i = 0; i < STEPS && !(world.closed && sim_one_in(8)); i++) {
        switch (sim_below(11)) {
        case 0:
            call_in(thread);
            break;
        case 1:
            run_in();
            break;
        case 2:
            start_detached();
            break;
        case 3:
            sim_idle(sim_below(5000));
            break;
        case 4:
            (void)weft_set_result(world.futures[sim_below(FUTURES)], NULL);
            break;
        case 5:
            look_at_it();
            break;
        case 6:
            exchange();
            break;
        case 7:
            handle_signal();
            break;
        default:
            if (world.ready)
                (void)weft_cancel(world.tasks[sim_below(TASKS)]);
        }
    }
    weft_loop_unref(world.loop);
}

/* ---- the run ---- */

static void forget_report(weft_loop_t *loop, const weft_exception_context_t *context, void *arg)
{
    (void)arg;
    SIM_CHECK(loop == world.loop && context->message != NULL);
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t) * (void *const *)a, y = (uintptr_t) * (void *const *)b;

    return x < y ? -1 : x > y;
}

/* The walk over all tasks goes by their addresses: so that each run has the same, what is free is
 * given out in the same order. Nothing is in use. */
static void order_objects(void)
{
    static void *objects[OBJECTS];

    for (int i = 0; i < OBJECTS; i++)
        SIM_CHECK((objects[i] = weft__slab_get(WEFT__SLAB_AWAITABLE)) != NULL);
    qsort(objects, OBJECTS, sizeof *objects, by_address);
    for (int i = 0; i < OBJECTS; i++)
        weft__slab_put(WEFT__SLAB_AWAITABLE, objects[i]);
}

static void make_world(void)
{
    memset(&world, 0, sizeof world);
    memset(kept, 0, sizeof kept);
    world.loop = sim_loop_new();
    weft_loop_set_exception_handler(world.loop, forget_report, NULL);
    for (int i = 0; i < FUTURES; i++)
        world.futures[i] = weft_create_future(world.loop);
    for (int i = 0; i < CHANNELS; i++)
        SIM_CHECK(weft_channel_create(&world.channels[i], 0, sizeof(int)) == 0);
}

static void check_ends(void)
{
    struct sigaction now;

    SIM_CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
    for (int i = 0; i < SIM_FOREIGN; i++)
        SIM_CHECK(world.calls_taken[i] <= world.calls_made[i]);
    for (int i = 0; i < TASKS; i++) {
        int rc = weft_result(world.tasks[i], NULL);
        SIM_CHECK(rc == 0 || rc == -ECANCELED);
        weft_unref(world.tasks[i]);
    }
    for (unsigned i = 0; i < world.child_count; i++) {
        SIM_CHECK(weft_done(world.children[i]));
        weft_unref(world.children[i]);
    }
    for (int i = 0; i < FUTURES; i++)
        weft_unref(world.futures[i]);
    for (int i = 0; i < KEEPERS * KEPT; i++)
        weft_unref(kept[i / KEPT][i % KEPT].future);
    for (int i = 0; i < CHANNELS; i++)
        weft_channel_unref(world.channels[i]);
}

static uint64_t run(uint64_t seed)
{
    weft__thread threads[SIM_FOREIGN + KEEPERS];
    weft_task_opts_t opts = {.size = sizeof opts};
    weft_task_t *main;

    order_objects();
    sim_begin(weft__virtual_swarm(seed), 100 * WEFT__SECOND);
    make_world();
    SIM_CHECK(weft__create_task(world.loop, weft_coro(&root, NULL), &opts, &main) == 0);
    weft_unref(main);
    for (int i = 0; i < SIM_FOREIGN; i++) {
        weft_loop_ref(world.loop);
        SIM_CHECK(weft__virtual_thread(&threads[i], foreign, NULL) == 0);
    }
    for (int i = 0; i < KEEPERS; i++)
        SIM_CHECK(weft__virtual_thread(&threads[SIM_FOREIGN + i], keeper, NULL) == 0);
    SIM_CHECK(weft_loop_run_forever(world.loop) == 0);
    SIM_CHECK(weft_loop_close(world.loop) == 0);
    world.closed = true;
    weft_loop_unref(world.loop);
    for (int i = 0; i < SIM_FOREIGN + KEEPERS; i++)
        sim_system->thread_join(threads[i]);
    uint64_t hash = weft__virtual_hash(sim);
    check_ends();
    SIM_CHECK(sim_awaitables() == 0);
    sim_end();
    return hash;
}

int main(int argc, char **argv)
{
    any_point = weft__sim_hook;
    weft__sim_hook = held_up;
    return sim_main(argc, argv, run, 500, false);
}
