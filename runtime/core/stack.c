/* SPDX-License-Identifier: MIT */
/*
 * A batch in the pool is a chain of stacks by next; batches are chained by the argument of their
 * first. A cold batch has only its first one's top page left, and in it, below the descriptor, the
 * addresses of the others.
 */
#include "runtime/core/stack.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/core/arena.h"

enum {
    MIB = 1024 * 1024,
    ARENA_FIRST = 8 * MIB, /* each arena of a size is twice as large as the one before, up to */
    ARENA_LARGEST = 256 * MIB,
    TRIM_AT_ONCE = 4, /* batches: a fraction of a millisecond's work, on a busy machine some */
};
#define TRIM_INTERVAL WEFT__SECOND
#define TRIM_PAUSE (WEFT__SECOND / 100)

static const struct {
    uint32_t size;
    uint8_t batch; /* stacks that move between caches and the pool at once */
    uint8_t keep;  /* batches that stay warm whatever happens; at most 64 MiB */
} classes[WEFT__STACK_CLASSES] = {
    {16 * 1024, 32, 128}, {WEFT__STACK_DEFAULT, 32, 32}, {256 * 1024, 16, 16},
    {1 * MIB, 4, 16},     {WEFT__STACK_LARGEST, 1, 8},
};

_Static_assert((size_t)WEFT__STACK_GUARD == WEFT__ARENA_GUARD, "one guard");

int weft__stack_class(size_t bytes)
{
    int class = 0;

    while (class < WEFT__STACK_CLASSES && bytes > classes[class].size)
        class ++;
    return class < WEFT__STACK_CLASSES ? class : -EINVAL;
}

/* Makes the descriptor at the upper end of a slot that has never been used, or was trimmed. */
static struct weft__stack *describe(char *end, uint32_t size, unsigned class)
{
    struct weft__stack *stack = (struct weft__stack *)end - 1;

    memset(stack, 0, sizeof(*stack));
    stack->limit = end - size;
    stack->size = size;
    stack->size_class = (uint8_t) class;
    weft__san_make(&stack->san, stack->limit, stack);
    return stack;
}

/*
 * The pool's depots
 */

/* [first] begins a chain of [count]. */
static void depot_put(struct weft__stack_pool *pool, struct weft__stack *first, uint32_t count)
{
    unsigned class = first->size_class;
    struct weft__stack_depot *depot = &pool->depot[class];

    first->batch = (uint8_t)count;
    weft__spin_lock(&pool->lock);
    first->argument = depot->warm;
    depot->warm = first;
    depot->warm_count++;
    /* relaxed: written under the lock, read elsewhere only to see whether it is time. */
    if (depot->warm_count > classes[class].keep &&
        weft__load_relaxed(&pool->trim_at) == WEFT__NEVER)
        weft__store_relaxed(&pool->trim_at,
                            0); /* now: whose clock it is, the caller of trim knows */
    weft__spin_unlock(&pool->lock);
}

static struct weft__stack *pop_warm(struct weft__stack_depot *depot)
{
    struct weft__stack *first = depot->warm;

    if (first) {
        depot->warm = first->argument;
        depot->warm_count--;
        if (depot->warm_least > depot->warm_count)
            depot->warm_least = depot->warm_count;
    }
    return first;
}

static struct weft__stack **others_of(struct weft__stack *first)
{
    return (struct weft__stack **)first - WEFT__ARENA_GROUP;
}

/* Gives a batch's memory back. */
static void chill(struct weft__stack *first)
{
    struct weft__stack **others = others_of(first);
    char *start[WEFT__ARENA_GROUP];
    uint32_t count = 0;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    weft__san_unpoison(first->limit, first);
    for (struct weft__stack *s = (struct weft__stack *)first->next; s;) {
        struct weft__stack *next = (struct weft__stack *)s->next;
        weft__san_unmake(&s->san);
        others[count] = s;
        start[count++] = s->limit;
        s = next;
    }
    /* A refusal (locked memory) leaves the pages as they are: thaw does not ask what is in them. */
    if (count > 0)
        weft__arena_advise(start, count, first->size, MADV_DONTNEED);
    if (first->size > page)
        weft__arena_advise(&first->limit, 1, first->size - page, MADV_DONTNEED);
}

/* A cold batch becomes a chain again. */
static void thaw(struct weft__stack *first)
{
    struct weft__stack **others = others_of(first);
    struct weft__stack *last = first;

    for (uint32_t i = 0; i + 1 < first->batch; i++) {
        struct weft__stack *s = describe((char *)(others[i] + 1), first->size, first->size_class);
        last->next = (weft__entry)s;
        last = s;
    }
    last->next = 0;
}

static struct weft__stack *depot_take(struct weft__stack_pool *pool, unsigned class)
{
    struct weft__stack_depot *depot = &pool->depot[class];

    weft__spin_lock(&pool->lock);
    struct weft__stack *first = pop_warm(depot);
    bool cold = !first;
    if (cold && depot->cold) {
        first = depot->cold;
        depot->cold = first->argument;
    }
    weft__spin_unlock(&pool->lock);
    if (first && cold)
        thaw(first);
    return first;
}

/*
 * Trimming
 */

/* Every interval: what nobody needed in the last one is surplus. */
static void assess(struct weft__stack_pool *pool)
{
    weft__spin_lock(&pool->lock);
    for (unsigned class = 0; class < WEFT__STACK_CLASSES; class ++) {
        struct weft__stack_depot *depot = &pool->depot[class];
        uint32_t keep = classes[class].keep;
        depot->surplus = depot->warm_least > keep ? depot->warm_least - keep : 0;
        depot->warm_least = depot->warm_count;
    }
    weft__spin_unlock(&pool->lock);
}

static bool trim_one(struct weft__stack_pool *pool, unsigned class)
{
    struct weft__stack_depot *depot = &pool->depot[class];
    struct weft__stack *first = NULL;

    weft__spin_lock(&pool->lock);
    if (depot->surplus > 0 && depot->warm_count > classes[class].keep) {
        depot->surplus--;
        first = pop_warm(depot);
    }
    weft__spin_unlock(&pool->lock);
    if (!first)
        return false;
    chill(first);
    weft__spin_lock(&pool->lock);
    first->argument = depot->cold;
    depot->cold = first;
    weft__spin_unlock(&pool->lock);
    /* relaxed: a statistic. */
    weft__fetch_add_relaxed(&pool->trimmed, first->batch);
    return true;
}

/* Sets when the next trim is due. */
static weft__ns plan(struct weft__stack_pool *pool, weft__ns now)
{
    bool surplus = false, many = false;

    weft__spin_lock(&pool->lock);
    for (unsigned class = 0; class < WEFT__STACK_CLASSES; class ++) {
        bool beyond = pool->depot[class].warm_count > classes[class].keep;
        many |= beyond;
        surplus |= beyond && pool->depot[class].surplus > 0;
    }
    weft__ns at = surplus ? weft__deadline_after(now, TRIM_PAUSE)
                  : many  ? pool->assess_at
                          : WEFT__NEVER;
    /* relaxed: as in depot_put, which sets it where this leaves it at never. */
    weft__store_relaxed(&pool->trim_at, at);
    weft__spin_unlock(&pool->lock);
    return at;
}

weft__ns weft__stack_pool_trim(struct weft__stack_pool *pool, weft__ns now)
{
    /* relaxed: the mutex and the lock protect what is behind it. */
    weft__ns at = weft__load_relaxed(&pool->trim_at);

    if (weft__likely(now < at))
        return at;
    if (pthread_mutex_trylock(&pool->trimming) != 0)
        return weft__deadline_after(now, TRIM_PAUSE);
    if (now >= pool->assess_at) {
        assess(pool);
        pool->assess_at = weft__deadline_after(now, TRIM_INTERVAL);
    }
    unsigned done = 0;
    for (unsigned class = 0; class < WEFT__STACK_CLASSES; class ++)
        while (done < TRIM_AT_ONCE && trim_one(pool, class))
            done++;
    at = plan(pool, now);
    pthread_mutex_unlock(&pool->trimming);
    return at;
}

/*
 * The caches
 */

/* The growth mutex is held. */
static struct weft__arena *arena_with_room(struct weft__stack_pool *pool, unsigned class)
{
    struct weft__arena *arena = pool->arena[class];

    /* relaxed: it changes under the mutex only. */
    if (arena && weft__load_relaxed(&arena->used) < arena->slots)
        return arena;
    size_t bytes = arena ? 2 * arena->stride * arena->slots : ARENA_FIRST;
    if (bytes < 4 * ((size_t)classes[class].size + WEFT__STACK_GUARD))
        bytes = 4 * ((size_t)classes[class].size + WEFT__STACK_GUARD);
    if (bytes > ARENA_LARGEST)
        bytes = ARENA_LARGEST;
    arena = weft__arena_open(pool, classes[class].size, bytes);
    if (arena)
        pool->arena[class] = arena;
    return arena;
}

static bool grow(struct weft__stack_pool *pool, struct weft__stack_shelf *shelf, unsigned class)
{
    pthread_mutex_lock(&pool->growth);
    struct weft__arena *arena = arena_with_room(pool, class);
    if (arena)
        shelf->fresh_count = weft__arena_take(arena, classes[class].batch, &shelf->fresh);
    pthread_mutex_unlock(&pool->growth);
    if (!arena)
        return false;
    shelf->fresh_stride = arena->stride;
    uint32_t unguarded = weft__arena_guard(arena, shelf->fresh, shelf->fresh_count);
    /* relaxed: statistics. */
    weft__fetch_add_relaxed(&pool->created, shelf->fresh_count);
    weft__fetch_add_relaxed(&pool->unguarded, unguarded);
    return true;
}

/* A stack is described when it is first needed, for that touches its page. */
static struct weft__stack *take_fresh(struct weft__stack_shelf *shelf, unsigned class)
{
    shelf->fresh += shelf->fresh_stride;
    shelf->fresh_count--;
    return describe(shelf->fresh, (uint32_t)(shelf->fresh_stride - WEFT__STACK_GUARD), class);
}

static WEFT__NOINLINE struct weft__stack *refill(struct weft__stack_cache *cache, unsigned class)
{
    struct weft__stack_shelf *shelf = &cache->shelf[class];

    if (shelf->fresh_count > 0)
        return take_fresh(shelf, class);
    struct weft__stack *first = depot_take(cache->pool, class);
    if (first) {
        shelf->head = (struct weft__stack *)first->next;
        shelf->count = first->batch - 1u;
        return first;
    }
    return grow(cache->pool, shelf, class) ? take_fresh(shelf, class) : NULL;
}

/* Cuts the chain that begins at [first] after [count]: what is left. */
static struct weft__stack *cut(struct weft__stack *first, uint32_t count)
{
    while (--count > 0)
        first = (struct weft__stack *)first->next;
    struct weft__stack *rest = (struct weft__stack *)first->next;
    first->next = 0;
    return rest;
}

/* The older half goes: what was used last is warm, and stays. */
static WEFT__NOINLINE void spill(struct weft__stack_cache *cache, unsigned class)
{
    struct weft__stack_shelf *shelf = &cache->shelf[class];
    uint32_t batch = classes[class].batch;

    depot_put(cache->pool, cut(shelf->head, batch), batch);
    shelf->count = batch;
}

int weft__stack_get(struct weft__stack_cache *cache, unsigned class, struct weft__stack **out)
{
    struct weft__stack_shelf *shelf = &cache->shelf[class];
    struct weft__stack *stack = shelf->head;
    if (weft__likely(stack != NULL)) {
        shelf->head = (struct weft__stack *)stack->next;
        shelf->count--;
    } else if (!(stack = refill(cache, class))) {
        return -ENOMEM;
    }
    weft__san_unpoison(stack->limit, stack);
    *out = stack;
    return 0;
}

void weft__stack_put(struct weft__stack_cache *cache, struct weft__stack *stack)
{
    struct weft__stack_shelf *shelf = &cache->shelf[stack->size_class];

    weft__san_poison(stack->limit, stack);
    stack->next = (weft__entry)shelf->head;
    shelf->head = stack;
    if (weft__unlikely(++shelf->count >= 2u * classes[stack->size_class].batch))
        spill(cache, stack->size_class);
}

void weft__stack_cache_init(struct weft__stack_cache *cache, struct weft__stack_pool *pool)
{
    memset(cache, 0, sizeof(*cache));
    cache->pool = pool;
}

void weft__stack_cache_flush(struct weft__stack_cache *cache)
{
    for (unsigned class = 0; class < WEFT__STACK_CLASSES; class ++) {
        struct weft__stack_shelf *shelf = &cache->shelf[class];
        uint32_t batch = classes[class].batch;
        while (shelf->fresh_count > 0)
            weft__stack_put(cache, take_fresh(shelf, class));
        while (shelf->head) {
            struct weft__stack *first = shelf->head;
            uint32_t count = shelf->count < batch ? shelf->count : batch;
            shelf->head = cut(first, count);
            shelf->count -= count;
            depot_put(cache->pool, first, count);
        }
    }
}

/*
 * The pool
 */

int weft__stack_pool_init(struct weft__stack_pool *pool)
{
    memset(pool, 0, sizeof(*pool));
    weft__spin_init(&pool->lock);
    weft__store_relaxed(&pool->trim_at, WEFT__NEVER);
    if (pthread_mutex_init(&pool->growth, NULL) != 0)
        return -ENOMEM;
    if (pthread_mutex_init(&pool->trimming, NULL) != 0) {
        pthread_mutex_destroy(&pool->growth);
        return -ENOMEM;
    }
    return 0;
}

static void drop(char *end)
{
    (void)end;
#ifdef WEFT__TSAN /* elsewhere it would touch pages for nothing */
    weft__san_unmake(&((struct weft__stack *)end - 1)->san);
#endif
}

void weft__stack_pool_destroy(struct weft__stack_pool *pool)
{
    weft__arena_close_all(pool, drop);
    pthread_mutex_destroy(&pool->growth);
    pthread_mutex_destroy(&pool->trimming);
    memset(pool->arena, 0, sizeof(pool->arena));
}

struct weft__stack *weft__stack_of_fault(const void *address)
{
    char *end = weft__arena_guarded(address);

    return end ? (struct weft__stack *)end - 1 : NULL;
}
