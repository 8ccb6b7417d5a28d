/* SPDX-License-Identifier: MIT */
#include "runtime/core/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "runtime/base/spin.h"
#include "runtime/core/sanitizer.h"

/* Of kernels newer than the C library's headers: Linux 6.13, and 6.14. */
enum { ADVICE_GUARD_INSTALL = 102, THIS_PROCESS = -10001 };

enum { BY_MADVISE, BY_MPROTECT };

static struct weft__spin lock; /* adding to the list, and owners */
static _Atomic(struct weft__arena *) arenas;
static _Atomic(uint8_t)
    guards_made;                    /* BY_MADVISE until the kernel says that it does not know how */
static _Atomic(uint32_t) protected; /* guards made by mprotect, of all arenas */
static _Atomic(uint32_t) protected_most; /* how many may be; 0: not known yet */

/* A closed arena of this geometry becomes [owner]'s. The caller gives it a base. */
static struct weft__arena *reuse(const void *owner, size_t stride, uint32_t slots)
{
    struct weft__arena *arena;

    weft__spin_lock(&lock);
    /* relaxed: the list changes under the lock only. */
    for (arena = weft__load_relaxed(&arenas); arena; arena = arena->next)
        if (!arena->owner && arena->stride == stride && arena->slots == slots)
            break;
    if (arena)
        arena->owner = owner;
    weft__spin_unlock(&lock);
    return arena;
}

static struct weft__arena *describe(const void *owner, size_t stride, uint32_t slots)
{
    struct weft__arena *arena = reuse(owner, stride, slots);

    if (arena)
        return arena;
    arena = calloc(1, sizeof(*arena));
    if (!arena)
        return NULL;
    arena->stride = stride;
    arena->slots = slots;
    arena->owner = owner;
    weft__spin_lock(&lock);
    arena->next = weft__load_relaxed(&arenas);
    /* release, with the acquire of guarded: the constant members. */
    weft__store_release(&arenas, arena);
    weft__spin_unlock(&lock);
    return arena;
}

static void disown(struct weft__arena *arena)
{
    weft__spin_lock(&lock);
    arena->owner = NULL;
    weft__spin_unlock(&lock);
}

static char *map(size_t bytes)
{
    char *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

    if (base == MAP_FAILED)
        return NULL;
    /* May be refused by a kernel without huge pages, or short of mappings: it costs memory only. */
    madvise(base, bytes, MADV_NOHUGEPAGE);
#if !defined(WEFT__TSAN) && !defined(WEFT__ASAN)
    /* The sanitizers fork their symbolizer from wherever a report is made: that may be a task. */
    madvise(base, bytes, MADV_DONTFORK);
#endif
    return base;
}

struct weft__arena *weft__arena_open(const void *owner, size_t usable, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t stride = WEFT__ARENA_GUARD + (usable + page - 1) / page * page;
    uint32_t slots = bytes > stride ? (uint32_t)(bytes / stride) : 1;

    for (; slots > 0; slots /= 2) {
        char *base = map(slots * stride);
        if (!base)
            continue;
        struct weft__arena *arena = describe(owner, stride, slots);
        if (!arena) {
            munmap(base, slots * stride);
            return NULL;
        }
        /* relaxed: a handler that meets the old values looks at a slot nobody uses yet. */
        weft__store_relaxed(&arena->used, 0);
        weft__store_relaxed(&arena->protected, 0);
        /* release, with the acquire of guarded: used. */
        weft__store_release(&arena->base, base);
        return arena;
    }
    return NULL;
}

static void close_one(struct weft__arena *arena, void (*drop)(char *end))
{
    /* relaxed, here and below: the owner is through with it, nobody else changes it. */
    char *base = weft__load_relaxed(&arena->base);
    uint32_t used = weft__load_relaxed(&arena->used);

    for (uint32_t i = 0; i < used; i++)
        drop(base + (i + 1) * arena->stride);
    weft__store_relaxed(&arena->base, NULL);
    weft__san_unpoison(base, base + arena->slots * arena->stride);
    munmap(base, arena->slots * arena->stride);
    weft__fetch_sub_acq_rel(&protected, weft__load_relaxed(&arena->protected));
    disown(arena);
}

void weft__arena_close_all(const void *owner, void (*drop)(char *end))
{
    /* acquire, with the release of describe: arenas of other owners may be added meanwhile. */
    for (struct weft__arena *arena = weft__load_acquire(&arenas); arena; arena = arena->next) {
        weft__spin_lock(&lock);
        bool ours = arena->owner == owner;
        weft__spin_unlock(&lock);
        if (ours)
            close_one(arena, drop);
    }
}

uint32_t weft__arena_take(struct weft__arena *arena, uint32_t wanted, char **first)
{
    /* relaxed: only takers write it, one at a time; a handler reads it as a hint. */
    uint32_t used = weft__load_relaxed(&arena->used);
    uint32_t left = arena->slots - used;
    uint32_t count = wanted < left ? wanted : left;

    *first = weft__load_relaxed(&arena->base) + used * arena->stride;
    weft__store_relaxed(&arena->used, used + count);
    return count;
}

int weft__arena_advise(char *const start[], uint32_t count, size_t length, int advice)
{
    struct iovec range[WEFT__ARENA_GROUP];

    for (uint32_t i = 0; i < count; i++)
        range[i] = (struct iovec){start[i], length};
    if (count > 1 && syscall(SYS_process_madvise, THIS_PROCESS, range, (size_t)count, advice, 0) ==
                         (long)(count * length))
        return 0;
    for (uint32_t i = 0; i < count; i++) /* an older kernel, or a sandbox; twice does no harm */
        if (madvise(start[i], length, advice) != 0)
            return -errno;
    return 0;
}

/* A guard by mprotect splits a mapping in three: a quarter of the mappings is spent on guards. */
static uint32_t most_protected(void)
{
    /* relaxed: whoever finds it unknown computes the same. */
    uint32_t most = weft__load_relaxed(&protected_most);

    if (most == 0) {
        unsigned mappings = 65530;
        FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
        if (file) {
            if (fscanf(file, "%u", &mappings) != 1)
                mappings = 65530;
            fclose(file);
        }
        most = mappings / 4 + 1;
        weft__store_relaxed(&protected_most, most);
    }
    return most;
}

static bool protect(struct weft__arena *arena, char *start)
{
    /* relaxed: a counter that may be a few too high for a moment. */
    if (weft__fetch_add_relaxed(&protected, 1) < most_protected() &&
        mprotect(start, WEFT__ARENA_GUARD, PROT_NONE) == 0) {
        weft__fetch_add_relaxed(&arena->protected, 1);
        return true;
    }
    weft__fetch_sub_acq_rel(&protected, 1);
    return false;
}

uint32_t weft__arena_guard(struct weft__arena *arena, char *first, uint32_t count)
{
    char *start[WEFT__ARENA_GROUP];
    uint32_t missing = 0;

    for (uint32_t i = 0; i < count; i++)
        start[i] = first + i * arena->stride;
    /* relaxed: whoever misses the change is refused once more. */
    if (weft__load_relaxed(&guards_made) == BY_MADVISE) {
        int error = weft__arena_advise(start, count, WEFT__ARENA_GUARD, ADVICE_GUARD_INSTALL);
        if (error == 0)
            return 0;
        if (error == -EINVAL)
            weft__store_relaxed(&guards_made, BY_MPROTECT);
    }
    for (uint32_t i = 0; i < count; i++)
        missing += !protect(arena, start[i]);
    return missing;
}

char *weft__arena_guarded(const void *address)
{
    /* acquire, with the releases of describe and open: the constant members, used. */
    for (struct weft__arena *arena = weft__load_acquire(&arenas); arena; arena = arena->next) {
        char *base = weft__load_acquire(&arena->base);
        uintptr_t offset = (uintptr_t)address - (uintptr_t)base;
        if (!base || offset / arena->stride >= weft__load_relaxed(&arena->used))
            continue;
        if (offset % arena->stride < WEFT__ARENA_GUARD)
            return base + (offset / arena->stride + 1) * arena->stride;
        return NULL;
    }
    return NULL;
}
