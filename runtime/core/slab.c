/* SPDX-License-Identifier: MIT */
#include "runtime/core/slab.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/thread_local.h"
#include "runtime/core/task.h"

enum {
    CHUNK_BYTES = 64 * 1024,
    /* Slot arrays of deques begin 5 lines after a page; objects that begin elsewhere do not alias
     * with them in the low 12 address bits, which costs 11 ns a task where it happens. */
    CHUNK_SKIP = 9 * WEFT__CACHE_LINE,
};

struct weft__slab_chunk {
    struct weft__slab_chunk *next;
};

struct weft__slab weft__slabs[WEFT__SLAB_COUNT] = {
    [WEFT__SLAB_AWAITABLE] = {.size = sizeof(struct weft_awaitable)},
    [WEFT__SLAB_HANDLE] = {.size = 2 * WEFT__CACHE_LINE},
};

static pthread_key_t at_thread_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void give_all_back(void *magazines)
{
    struct weft__magazine *m = magazines;

    for (int id = 0; id < WEFT__SLAB_COUNT; id++) {
        struct weft__slab *slab = &weft__slabs[id];
        if (!m[id].head)
            continue;
        weft__spin_lock(&slab->lock);
        m[id].head->batch = slab->depot;
        slab->depot = m[id].head;
        weft__spin_unlock(&slab->lock);
        m[id] = (struct weft__magazine){0};
    }
}

static void make_key(void)
{
    if (pthread_key_create(&at_thread_exit, give_all_back) != 0)
        at_thread_exit = (pthread_key_t)-1; /* then what a thread has at its end is lost to reuse */
}

static struct weft__slab_free *new_chunk(struct weft__slab *slab)
{
    char *memory = aligned_alloc(4096, CHUNK_BYTES);
    struct weft__slab_chunk *chunk = (struct weft__slab_chunk *)memory;
    struct weft__slab_free *head = NULL;

    if (!memory)
        return NULL;
    memset(memory, 0, CHUNK_BYTES);
    for (char *p = memory + CHUNK_BYTES - slab->size; p >= memory + CHUNK_SKIP; p -= slab->size) {
        struct weft__slab_free *f = (struct weft__slab_free *)p;
        f->link.next = (weft__entry)head;
        head = f;
        weft__slab_poison(f, slab->size);
    }
    weft__spin_lock(&slab->lock);
    chunk->next = slab->chunks;
    slab->chunks = chunk;
    weft__spin_unlock(&slab->lock);
    return head;
}

static struct weft__slab_free *from_depot(struct weft__slab *slab)
{
    struct weft__slab_free *batch;

    weft__spin_lock(&slab->lock);
    batch = slab->depot;
    if (batch)
        slab->depot = batch->batch;
    weft__spin_unlock(&slab->lock);
    return batch;
}

WEFT__NOINLINE void weft__slab_watch_exit(void)
{
    pthread_once(&once, make_key);
    pthread_setspecific(at_thread_exit, weft__thread_local()->magazines);
}

bool weft__slab_refill(enum weft__slab_id id, struct weft__magazine *m)
{
    struct weft__slab *slab = &weft__slabs[id];
    struct weft__slab_free *f = from_depot(slab);

    if (!f)
        f = new_chunk(slab);
    if (!f)
        return false;
    m->head = f;
    m->count = 0;
    for (; f; f = (struct weft__slab_free *)f->link.next)
        m->count++;
    weft__slab_watch_exit();
    return true;
}

/* The older half goes: what was freed last is warm, and stays. */
void weft__slab_spill(enum weft__slab_id id, struct weft__magazine *m)
{
    struct weft__slab *slab = &weft__slabs[id];
    struct weft__slab_free *last = m->head;

    for (int i = 1; i < WEFT__SLAB_BATCH; i++)
        last = (struct weft__slab_free *)last->link.next;
    struct weft__slab_free *rest = (struct weft__slab_free *)last->link.next;
    last->link.next = 0;
    m->count = WEFT__SLAB_BATCH;
    weft__spin_lock(&slab->lock);
    rest->batch = slab->depot;
    slab->depot = rest;
    weft__spin_unlock(&slab->lock);
}

void weft__slab_each(enum weft__slab_id id, void (*visit)(void *object, void *arg), void *arg)
{
    struct weft__slab *slab = &weft__slabs[id];

    weft__spin_lock(&slab->lock);
    struct weft__slab_chunk *chunk = slab->chunks;
    weft__spin_unlock(&slab->lock);
    for (; chunk; chunk = chunk->next) { /* chunks are only ever added, at the head */
        char *memory = (char *)chunk;
        for (char *p = memory + CHUNK_BYTES - slab->size; p >= memory + CHUNK_SKIP; p -= slab->size)
            visit(p, arg);
    }
}
