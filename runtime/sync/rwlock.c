/* SPDX-License-Identifier: MIT */
#include "weft/rwlock.h"

#include "runtime/sched/misuse.h"
#include "runtime/sync/wait_queue.h"

/* One bit for who writes; above it, the number of those who read. */
#define WRITER WEFT__STATE_ONE
#define READER (WEFT__STATE_ONE << 1)

/* Readers and writers wait in one line. Here WAITED is a promise: it is set exactly while somebody
 * waits (leave clears it), as who comes then must not overtake. */
struct rwlock {
    struct weft__state state;
    struct weft__wait_queue waiters;
};

_Static_assert(sizeof(struct rwlock) == sizeof(weft_rwlock_t), "the public object is as large");

struct visitor {
    struct weft__wait_node node;
    uint64_t share; /* WRITER, READER: what it adds to the word */
};

static struct rwlock *rwlock_of(weft_rwlock_t *lock)
{
    return (struct rwlock *)lock;
}

static struct rwlock *rwlock_at(const struct weft__wait_node *node)
{
    return weft__container_of(node->state, struct rwlock, state);
}

static uint64_t share_of(const struct weft__wait_node *node)
{
    return weft__container_of(node, struct visitor, node)->share;
}

/* Whether those who hold it let [share] in. */
static bool admits(uint64_t word, uint64_t share)
{
    return share == READER ? !(word & WRITER) : word < WRITER;
}

static bool is_free(uint64_t word, uint64_t share)
{
    return !(word & WEFT__STATE_WAITED) && admits(word, share);
}

/* Under the lock: lets in whoever has its turn. Returns the new word. */
static uint64_t settle(struct rwlock *lock, uint64_t word, struct weft__wait_queue *woken)
{
    struct weft__wait_queue *waiters = &lock->waiters;

    while (waiters->first && admits(word, share_of(waiters->first)))
        word += share_of(weft__wait_queue_grant(waiters, woken));
    return (word & ~WEFT__STATE_WAITED) | weft__wait_queue_waited(waiters);
}

static bool take(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    (void)woken;
    if (!is_free(*word, share_of(node)))
        return false;
    *word += share_of(node);
    return true;
}

/* Who waited behind it may have its turn now. */
static void leave(struct weft__wait_node *node, uint64_t *word, struct weft__wait_queue *woken)
{
    *word = settle(rwlock_at(node), *word, woken);
}

static void refuse(struct weft__wait_node *node)
{
    weft_rwlock_release((weft_rwlock_t *)rwlock_at(node));
}

static const struct weft__wait_queue_class rwlock_class = {WEFT__WAIT_QUEUE_KIND("rwlock"), take,
                                                           leave, refuse};

void weft_rwlock_init(weft_rwlock_t *lock)
{
    *lock = (weft_rwlock_t)WEFT_RWLOCK_INIT;
}

static bool try_acquire(struct rwlock *lock, uint64_t share)
{
    uint64_t word = weft__state_read(&lock->state);

    while (is_free(word, share)) {
        if (weft__state_change(&lock->state, &word, word + share))
            return true;
    }
    return false;
}

bool weft_rwlock_try_acquire_read(weft_rwlock_t *lock)
{
    return try_acquire(rwlock_of(lock), READER);
}

bool weft_rwlock_try_acquire_write(weft_rwlock_t *lock)
{
    return try_acquire(rwlock_of(lock), WRITER);
}

static int acquire(struct rwlock *lock, uint64_t share, const char *call)
{
    int error;
    struct weft_awaitable *task = weft__wait_queue_task(call, &error);

    if (weft__unlikely(!task))
        return error;
    if (weft__likely(try_acquire(lock, share)))
        return 0;
    struct visitor visitor = {
        .node = WEFT__WAIT_NODE(&rwlock_class, task, &lock->state, &lock->waiters), .share = share};
    return weft__wait_queue_wait(&visitor.node);
}

int weft_rwlock_acquire_read(weft_rwlock_t *lock)
{
    return acquire(rwlock_of(lock), READER, "rwlock_acquire_read");
}

int weft_rwlock_acquire_write(weft_rwlock_t *lock)
{
    return acquire(rwlock_of(lock), WRITER, "rwlock_acquire_write");
}

/* What one of those who hold it has added to the word; 0: nobody holds it. */
static uint64_t share_held(uint64_t word)
{
    if (word & WRITER)
        return WRITER;
    return word >= READER ? READER : 0;
}

static bool release_slow(struct rwlock *lock)
{
    struct weft__wait_queue woken = {0};
    uint64_t word = weft__state_lock(&lock->state), share = share_held(word);

    weft__state_unlock(&lock->state, settle(lock, word - share, &woken));
    weft__wait_queue_wake(&woken);
    return share;
}

static bool release(struct rwlock *lock)
{
    uint64_t word = weft__state_read(&lock->state);

    do {
        if (word & WEFT__STATE_WAITED)
            return release_slow(lock);
        if (!share_held(word))
            return false;
    } while (!weft__state_change(&lock->state, &word, word - share_held(word)));
    return true;
}

int weft_rwlock_release(weft_rwlock_t *lock)
{
    return weft__likely(release(rwlock_of(lock)))
               ? 0
               : weft__misuse(-EPERM, "release of a lock that is not held");
}
