/* SPDX-License-Identifier: MIT */
/*
 * stack: the promises of the pool and its caches. What would spoil the process (faults, limits,
 * system calls that are refused) happens in a child, which says by its exit status how it went.
 */
#include <criterion/criterion.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/core/stack.h"

TestSuite(stack, .timeout = 30);

static struct weft__stack_pool pool;
static struct weft__stack_cache cache, other;

static void open_pool(void)
{
    cr_assert_eq(weft__stack_pool_init(&pool), 0);
    weft__stack_cache_init(&cache, &pool);
    weft__stack_cache_init(&other, &pool);
}

static struct weft__stack *get(struct weft__stack_cache *from, size_t bytes)
{
    struct weft__stack *stack = NULL;
    int class = weft__stack_class(bytes);

    return class >= 0 && weft__stack_get(from, (unsigned)class, &stack) == 0 ? stack : NULL;
}

/* What became of a child that ran [body]: its exit status, or 256 + the signal that ended it. */
static int in_child(int (*body)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(body());
    cr_assert(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

Test(stack, descriptor_is_at_the_end_of_its_memory)
{
    open_pool();

    struct weft__stack *stack = get(&cache, WEFT__STACK_DEFAULT);

    cr_assert_eq((uintptr_t)stack % 64, 0);
    cr_assert_eq(stack->limit + stack->size, (char *)(stack + 1));
    memset(stack->limit, 1, (size_t)((char *)stack - stack->limit));
    weft__stack_pool_destroy(&pool);
}

Test(stack, the_smallest_class_that_suffices_is_taken)
{
    static const size_t asked[] = {1,       16384,   16385,   65536,   65537,
                                   1 << 18, 1 << 20, 1000001, 1 << 23, (1 << 20) + 1};
    static const size_t given[] = {16384,   16384,   65536,   65536,   1 << 18,
                                   1 << 18, 1 << 20, 1 << 20, 1 << 23, 1 << 23};
    open_pool();

    for (unsigned i = 0; i < sizeof(asked) / sizeof(*asked); i++)
        cr_expect_eq(get(&cache, asked[i])->size, given[i], "asked for %zu", asked[i]);

    weft__stack_pool_destroy(&pool);
}

Test(stack, more_than_the_largest_class_is_refused)
{
    cr_expect_eq(weft__stack_class(WEFT__STACK_LARGEST), WEFT__STACK_CLASSES - 1);
    cr_expect_eq(weft__stack_class((size_t)WEFT__STACK_LARGEST + 1), -EINVAL);
    cr_expect_eq(weft__stack_class(SIZE_MAX), -EINVAL);
    cr_expect_eq(weft__stack_class(WEFT__STACK_DEFAULT), WEFT__STACK_DEFAULT_CLASS);
}

Test(stack, the_one_put_last_is_got_first)
{
    struct weft__stack *a, *b, *c;
    open_pool();
    a = get(&cache, WEFT__STACK_DEFAULT);
    b = get(&cache, WEFT__STACK_DEFAULT);
    c = get(&cache, 16384);

    weft__stack_put(&cache, a);
    weft__stack_put(&cache, c);
    weft__stack_put(&cache, b);

    cr_expect_eq(get(&cache, WEFT__STACK_DEFAULT), b);
    cr_expect_eq(get(&cache, WEFT__STACK_DEFAULT), a);
    cr_expect_eq(get(&cache, 16384), c);
    weft__stack_pool_destroy(&pool);
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

    return x < y ? -1 : x > y;
}

static unsigned distinct(struct weft__stack **stacks, unsigned count)
{
    unsigned n = count > 0;

    qsort(stacks, count, sizeof(*stacks), by_address);
    for (unsigned i = 1; i < count; i++)
        n += stacks[i] != stacks[i - 1];
    return n;
}

Test(stack, what_one_worker_puts_another_gets)
{
    enum { COUNT = 200 };
    struct weft__stack *taken[COUNT];
    uint64_t created;
    open_pool();
    for (unsigned i = 0; i < COUNT; i++)
        taken[i] = get(&cache, WEFT__STACK_DEFAULT);
    cr_assert_eq(distinct(taken, COUNT), COUNT);
    created = weft__load_relaxed(&pool.created);

    for (unsigned i = 0; i < COUNT; i++)
        weft__stack_put(&cache, taken[i]);
    weft__stack_cache_flush(&cache);
    for (unsigned i = 0; i < COUNT; i++)
        taken[i] = get(&other, WEFT__STACK_DEFAULT);

    cr_expect_eq(distinct(taken, COUNT), COUNT);
    cr_expect_eq(weft__load_relaxed(&pool.created), created);
    weft__stack_pool_destroy(&pool);
}

Test(stack, a_cache_keeps_fewer_than_two_batches)
{
    struct weft__stack *taken[100];
    open_pool();
    for (unsigned i = 0; i < 100; i++)
        taken[i] = get(&cache, WEFT__STACK_DEFAULT);

    for (unsigned i = 0; i < 100; i++) {
        weft__stack_put(&cache, taken[i]);
        cr_assert_lt(cache.shelf[1].count, 64);
    }

    cr_expect_eq(pool.depot[1].warm_count, 2);
    cr_expect_eq(cache.shelf[1].count, 36);
    weft__stack_pool_destroy(&pool);
}

Test(stack, faults_are_found_in_guards_only)
{
    open_pool();
    struct weft__stack *a = get(&cache, WEFT__STACK_DEFAULT), *b = get(&cache, WEFT__STACK_LARGEST);

    cr_expect_eq(weft__stack_of_fault(a->limit - 1), a);
    cr_expect_eq(weft__stack_of_fault(a->limit - WEFT__STACK_GUARD), a);
    cr_expect_eq(weft__stack_of_fault(b->limit - 1), b);
    cr_expect_null(weft__stack_of_fault(a->limit));
    cr_expect_null(weft__stack_of_fault(a));
    cr_expect_null(weft__stack_of_fault(&pool));
    cr_expect_null(weft__stack_of_fault(NULL));
    char *guard = a->limit - 1;
    weft__stack_pool_destroy(&pool);
    cr_expect_null(weft__stack_of_fault(guard));
}

static char *hit;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    struct weft__stack *stack = weft__stack_of_fault(info->si_addr);
    _exit(stack && stack->limit - 1 == hit && info->si_addr == hit ? 42 : 43);
}

static int hit_a_guard(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    open_pool();
    for (unsigned i = 0; i < 40; i++) /* of two batches */
        hit = get(&cache, WEFT__STACK_DEFAULT)->limit - 1;
    sigaction(SIGSEGV, &action, NULL);
    *(volatile char *)hit = 1;
    return weft__load_relaxed(&pool.unguarded) > 0 ? 1 : 2;
}

Test(stack, an_overflow_faults_and_the_stack_is_found)
{
    cr_assert_eq(in_child(hit_a_guard), 42);
}

/* From here on these advices are refused as by a kernel that does not know them. */
static void refuse_guards(bool mprotect_too)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mprotect_too ? SYS_mprotect : 0xffff, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_madvise, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 102, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(program) / sizeof(*program), program};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        _exit(77);
}

static int without_advice(void)
{
    refuse_guards(false);
    return hit_a_guard();
}

Test(stack, without_the_advice_guards_are_made_by_mprotect)
{
    int end = in_child(without_advice);

    if (end == 77)
        cr_skip_test("no seccomp");
    cr_assert_eq(end, 42);
}

static int without_any(void)
{
    refuse_guards(true);
    open_pool();
    for (unsigned i = 0; i < 64; i++)
        memset(get(&cache, WEFT__STACK_DEFAULT)->limit, 1, 4096);
    return (int)weft__load_relaxed(&pool.unguarded);
}

Test(stack, without_any_guard_stacks_are_counted_and_work)
{
    int end = in_child(without_any);

    if (end == 77)
        cr_skip_test("no seccomp");
    cr_assert_eq(end, 64);
}

static int past_the_limit_of_mprotect(void)
{
    unsigned limit = 0, count = 0;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");

    if (!file || fscanf(file, "%u", &limit) != 1 || limit > 100000)
        return 77;
    refuse_guards(false);
    open_pool();
    for (; count < limit / 4 + 1000; count++)
        if (!get(&cache, 16384))
            return 1;
    uint64_t unguarded = weft__load_relaxed(&pool.unguarded);
    weft__stack_pool_destroy(&pool);
    return unguarded >= 900 && unguarded <= 1100 ? 0 : 2;
}

Test(stack, past_the_limit_of_mprotect_stacks_have_no_guard)
{
    int end = in_child(past_the_limit_of_mprotect);

    if (end == 77)
        cr_skip_test("no seccomp, or a very high vm.max_map_count");
    cr_assert_eq(end, 0);
}

#if !defined(WEFT__TSAN) && !defined(WEFT__ASAN) /* whose own memory would be counted, or fail */

static int without_memory(void)
{
    struct rlimit none = {0, 0}, before;
    struct weft__stack *stack;
    unsigned count = 0;

    open_pool();
    getrlimit(RLIMIT_AS, &before);
    none.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_AS, &none);
    if (weft__stack_get(&cache, WEFT__STACK_DEFAULT_CLASS, &stack) != -ENOMEM)
        return 1;
    setrlimit(RLIMIT_AS, &before);
    while (count < 100 && weft__stack_get(&cache, WEFT__STACK_DEFAULT_CLASS, &stack) == 0)
        count++;
    return count == 100 ? 0 : 2;
}

Test(stack, without_address_space_get_fails_and_recovers)
{
    cr_assert_eq(in_child(without_memory), 0);
}

static unsigned mappings(void)
{
    unsigned lines = 0;
    FILE *file = fopen("/proc/self/maps", "r");

    cr_assert_not_null(file);
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static size_t resident_mib(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%*s %zu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE) >> 20;
}

Test(stack, a_hundred_thousand_cost_few_mappings)
{
    open_pool();
    unsigned before = mappings();

    for (unsigned i = 0; i < 100000; i++)
        cr_assert_not_null(get(&cache, WEFT__STACK_DEFAULT));

    if (weft__load_relaxed(&pool.unguarded) > 0)
        cr_skip_test("this kernel has no cheap guards");
    cr_expect_leq(mappings() - before, 30);
    weft__stack_pool_destroy(&pool);
    cr_expect_leq(mappings(), before + 1);
}

enum { BURST = 10000 };
static struct weft__stack *burst[BURST];

static void run_burst(void)
{
    for (unsigned i = 0; i < BURST; i++) {
        burst[i] = get(&cache, WEFT__STACK_DEFAULT);
        cr_assert_not_null(burst[i]);
        memset((char *)burst[i] - 8192, 1, 8192);
    }
    for (unsigned i = 0; i < BURST; i++)
        weft__stack_put(&cache, burst[i]);
}

/* Calls trim whenever it wants to be called, in a time of our own. */
static void trim_all(void)
{
    weft__ns now = weft__clock_now();

    for (unsigned i = 0; i < 1000 && now != WEFT__NEVER; i++)
        now = weft__stack_pool_trim(&pool, now + 1);
    cr_assert_eq(now, WEFT__NEVER);
}

Test(stack, trimming_gives_a_burst_back)
{
    open_pool();
    size_t before = resident_mib();
    run_burst();
    size_t at_most = resident_mib();
    cr_assert_geq(at_most - before, (size_t)BURST * 8 / 1024);

    trim_all();

    /* Two pages a stack in 32 batches and the cache, a page for each other batch, and some slack.
     */
    size_t left = resident_mib() - before;
    cr_expect_leq(left, 8 + 2 + 4, "%zu MiB of %zu are left", left, at_most - before);
    weft__stack_pool_destroy(&pool);
}

#endif

Test(stack, trimmed_stacks_are_used_again)
{
    enum { COUNT = 3000 };
    static struct weft__stack *taken[COUNT];
    open_pool();
    for (unsigned i = 0; i < COUNT; i++)
        cr_assert_not_null(taken[i] = get(&cache, 16384 * 2));
    for (unsigned i = 0; i < COUNT; i++)
        weft__stack_put(&cache, taken[i]);
    uint64_t created = weft__load_relaxed(&pool.created);
    for (weft__ns now = weft__clock_now(); now != WEFT__NEVER;)
        now = weft__stack_pool_trim(&pool, now + 1);
    cr_assert_gt(weft__load_relaxed(&pool.trimmed), 0);

    for (unsigned i = 0; i < COUNT; i++) {
        cr_assert_not_null(taken[i] = get(&other, WEFT__STACK_DEFAULT));
        cr_assert_eq(taken[i]->limit + taken[i]->size, (char *)(taken[i] + 1));
        memset(taken[i]->limit, 1, 1024);
    }

    cr_expect_eq(distinct(taken, COUNT), COUNT);
    cr_expect_leq(weft__load_relaxed(&pool.created), created + 64); /* the rest is in the cache */
    weft__stack_pool_destroy(&pool);
}

Test(stack, what_is_needed_again_within_the_interval_stays)
{
    enum { COUNT = 3000 };
    static struct weft__stack *taken[COUNT];
    open_pool();
    weft__ns now = weft__clock_now();

    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < COUNT; i++)
            taken[i] = get(&cache, WEFT__STACK_DEFAULT);
        for (unsigned i = 0; i < COUNT; i++)
            weft__stack_put(&cache, taken[i]);
        now += 2 * WEFT__SECOND;
        weft__stack_pool_trim(&pool, now);
    }

    cr_expect_eq(weft__load_relaxed(&pool.trimmed), 0);
    weft__stack_pool_destroy(&pool);
}

Test(stack, destroying_one_pool_leaves_the_other)
{
    struct weft__stack_pool second;
    struct weft__stack_cache of_second;
    open_pool();
    cr_assert_eq(weft__stack_pool_init(&second), 0);
    weft__stack_cache_init(&of_second, &second);
    struct weft__stack *a = get(&cache, WEFT__STACK_DEFAULT);
    struct weft__stack *b = get(&of_second, WEFT__STACK_DEFAULT);

    weft__stack_pool_destroy(&pool);

    memset(b->limit, 1, 1024);
    cr_expect_eq(weft__stack_of_fault(b->limit - 1), b);
    cr_expect_neq(a, b);
    weft__stack_pool_destroy(&second);
}
