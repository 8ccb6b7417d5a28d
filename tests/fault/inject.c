/* SPDX-License-Identifier: MIT */
/*
 * The counting is done with atomics only, since io_uring_enter is also called by a signal handler;
 * the table has a mutex, for no handler allocates. Its entries are inverted addresses, so that a
 * leak checker does not take the table for a holder.
 */
#include "tests/fault/inject.h"

#include <errno.h>
#include <liburing.h>
#include <linux/membarrier.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/thread_local.h"
#include "runtime/core/arena.h"
#include "runtime/core/slab.h"
#include "runtime/core/stack.h"
#include "runtime/core/task.h"
#include "runtime/sched/handle.h"

#define HERE __builtin_return_address(0)

/* ---- when ---- */

enum { MOST_ERRNO = 160 };

static atomic_bool armed;
static atomic_uint counted, target;
static unsigned groups;
static enum inject_mode mode;
static int chosen;
static _Atomic(const char *) reached_name;
static atomic_bool gave[MOST_ERRNO];

void inject_arm(unsigned n, enum inject_mode how, unsigned calls, int error)
{
    atomic_store(&target, n);
    mode = how;
    groups = calls;
    chosen = error;
    atomic_store(&counted, 0);
    for (int i = 0; i < MOST_ERRNO; i++)
        atomic_store(&gave[i], false);
    atomic_store(&reached_name, NULL);
    atomic_store(&armed, true);
}

void inject_disarm(void)
{
    atomic_store(&armed, false);
    atomic_store(&target, 0);
}

void inject_pause(void)
{
    atomic_store(&armed, false);
}

void inject_resume(void)
{
    atomic_store(&armed, atomic_load(&target) != 0);
}

bool inject_reached(void)
{
    return atomic_load(&reached_name) != NULL;
}

bool inject_gave(int error)
{
    return error > 0 && error < MOST_ERRNO && atomic_load(&gave[error]);
}

const char *inject_name(void)
{
    const char *name = atomic_load(&reached_name);

    return name ? name : "nothing";
}

/* 0, or the errno with which this call is to fail. */
static int fails(unsigned group, const char *name, int error, bool for_ever)
{
    if (!atomic_load(&armed) || !(groups & group))
        return 0;
    unsigned n = atomic_fetch_add(&counted, 1) + 1;
    unsigned first = atomic_load(&target);
    if (n < first || (n > first && (mode == INJECT_ONCE || !for_ever)))
        return 0;
    error = chosen ? chosen : error;
    if (n == first)
        atomic_store(&reached_name, name);
    atomic_store(&gave[error], true);
    return error;
}

/* ---- what is held ---- */

enum { SLOTS = 1 << 12 };

struct held {
    uintptr_t not_address; /* inverted; 0: free */
    size_t size;
    const void *where;
    bool kept, dead;
};

static struct held table[SLOTS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct held *find(const void *address, bool add)
{
    uintptr_t key = ~(uintptr_t)address;
    struct held *grave = NULL;

    for (size_t i = (key >> 4) * 0x9e3779b97f4a7c15u % SLOTS, n = 0; n < SLOTS;
         i = (i + 1) % SLOTS, n++) {
        if (table[i].not_address == key && !table[i].dead)
            return &table[i];
        if (table[i].dead && !grave)
            grave = &table[i];
        if (table[i].not_address == 0 && !table[i].dead)
            return add ? (grave ? grave : &table[i]) : NULL;
    }
    return add ? grave : NULL;
}

static void *hold(void *address, size_t size, bool kept, const void *where)
{
    if (!address)
        return address;
    pthread_mutex_lock(&mutex);
    struct held *h = find(address, true);
    if (h)
        *h = (struct held){~(uintptr_t)address, size, where, kept, false};
    pthread_mutex_unlock(&mutex);
    return address;
}

static void let_go(const void *address)
{
    pthread_mutex_lock(&mutex);
    struct held *h = find(address, false);
    if (h)
        h->dead = true;
    pthread_mutex_unlock(&mutex);
}

static void count_object(void *object, void *count)
{
    (void)object;
    ++*(size_t *)count;
}

static size_t length(struct weft__slab_free *f)
{
    size_t n = 0;

    for (; f; f = (struct weft__slab_free *)f->link.next)
        n++;
    return n;
}

/* Objects of a slab that are neither in the depot nor with this thread, the only one that is left.
 */
static size_t objects_held(enum weft__slab_id id)
{
    size_t all = 0, unused = length(weft__thread_local()->magazines[id].head);

    weft__slab_each(id, count_object, &all);
    for (struct weft__slab_free *batch = weft__slabs[id].depot; batch; batch = batch->batch)
        unused += length(batch);
    if (all != unused)
        fprintf(stderr, "held: %zu objects of slab %d\n", all - unused, id);
    return all - unused;
}

size_t inject_held(size_t *kept)
{
    size_t count = 0;

    *kept = 0;
    for (int id = 0; id < WEFT__SLAB_COUNT; id++)
        count += objects_held(id);
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < SLOTS; i++) {
        struct held *h = &table[i];
        if (h->not_address == 0 || h->dead)
            continue;
        if (h->kept) {
            ++*kept;
            continue;
        }
        count++;
        fprintf(stderr, "held: %zu bytes at %p, asked for from %p\n", h->size,
                (void *)~h->not_address, h->where);
    }
    pthread_mutex_unlock(&mutex);
    return count;
}

/* ---- memory ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);

static bool no_memory(const char *name)
{
    int error = fails(INJECT_MEMORY, name, ENOMEM, true);

    if (error)
        errno = error;
    return error != 0;
}

void *__wrap_malloc(size_t size)
{
    return no_memory("malloc") ? NULL : hold(__real_malloc(size), size, false, HERE);
}

void *__wrap_calloc(size_t count, size_t size)
{
    if (no_memory("calloc"))
        return NULL;
    return hold(__real_calloc(count, size), count * size,
                count == 1 && size == sizeof(struct weft__arena), HERE);
}

void *__wrap_realloc(void *old, size_t size)
{
    if (no_memory("realloc"))
        return NULL;
    void *memory = __real_realloc(old, size);
    if (memory) {
        if (old)
            let_go(old);
        hold(memory, size, false, HERE);
    }
    return memory;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    if (no_memory("aligned_alloc"))
        return NULL;
    return hold(__real_aligned_alloc(alignment, size), size, alignment == 4096 && size == 64 * 1024,
                HERE);
}

char *__wrap_strdup(const char *text)
{
    return no_memory("strdup") ? NULL : hold(__real_strdup(text), 1, false, HERE);
}

void __wrap_free(void *memory)
{
    if (memory)
        let_go(memory);
    __real_free(memory);
}

/* Tasks and handles are objects of slabs: to get one fails also where the slab has some left. */
struct weft_awaitable *__real_weft__awaitable_new(enum weft__kind kind, const weft_corofn_t *fn,
                                                  void *arg, const char *where);
struct weft_handle *__real_weft__handle_new(struct weft_loop *loop);
struct weft_awaitable *__wrap_weft__awaitable_new(enum weft__kind kind, const weft_corofn_t *fn,
                                                  void *arg, const char *where);
struct weft_handle *__wrap_weft__handle_new(struct weft_loop *loop);

struct weft_awaitable *__wrap_weft__awaitable_new(enum weft__kind kind, const weft_corofn_t *fn,
                                                  void *arg, const char *where)
{
    return no_memory("awaitable") ? NULL : __real_weft__awaitable_new(kind, fn, arg, where);
}

struct weft_handle *__wrap_weft__handle_new(struct weft_loop *loop)
{
    return no_memory("handle") ? NULL : __real_weft__handle_new(loop);
}

/* ---- mappings ---- */

int __real_munmap(void *at, size_t size);
int __real_madvise(void *at, size_t size, int advice);
int __real_mprotect(void *at, size_t size, int protection);
int __real_weft__stack_get(struct weft__stack_cache *cache, unsigned class,
                           struct weft__stack **stack);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *at, size_t size);
int __wrap_madvise(void *at, size_t size, int advice);
int __wrap_mprotect(void *at, size_t size, int protection);
int __wrap_weft__stack_get(struct weft__stack_cache *cache, unsigned class,
                           struct weft__stack **stack);

static bool refused(unsigned group, const char *name, int error)
{
    error = fails(group, name, error, true);
    if (error)
        errno = error;
    return error != 0;
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    if (refused(INJECT_MAPPINGS, "mmap", ENOMEM))
        return MAP_FAILED;
    void *memory = __real_mmap(at, size, protection, flags, fd, offset);
    if (memory != MAP_FAILED)
        hold(memory, size, false, HERE);
    return memory;
}

int __wrap_munmap(void *at, size_t size)
{
    let_go(at);
    return __real_munmap(at, size);
}

int __wrap_madvise(void *at, size_t size, int advice)
{
    return refused(INJECT_MAPPINGS, "madvise", ENOMEM) ? -1 : __real_madvise(at, size, advice);
}

int __wrap_mprotect(void *at, size_t size, int protection)
{
    return refused(INJECT_MAPPINGS, "mprotect", ENOMEM) ? -1
                                                        : __real_mprotect(at, size, protection);
}

int __wrap_weft__stack_get(struct weft__stack_cache *cache, unsigned class,
                           struct weft__stack **stack)
{
    int error = fails(INJECT_MAPPINGS, "weft__stack_get", ENOMEM, true);

    return error ? -error : __real_weft__stack_get(cache, class, stack);
}

/* ---- threads, and what has a second way ---- */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
int __real_sigaltstack(const stack_t *stack, stack_t *old);
int __wrap_sigaltstack(const stack_t *stack, stack_t *old);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg)
{
    int error = fails(INJECT_THREADS, "pthread_create", EAGAIN, true);

    return error ? error : __real_pthread_create(thread, attr, fn, arg);
}

/* Fails for who installs a stack only: taking one away cannot fail. */
int __wrap_sigaltstack(const stack_t *stack, stack_t *old)
{
    if (stack && !(stack->ss_flags & SS_DISABLE) && refused(INJECT_SYSTEM, "sigaltstack", ENOMEM))
        return -1;
    return __real_sigaltstack(stack, old);
}

/* Reads six arguments, however many were given, as syscall(2) itself does. */
__attribute__((no_sanitize("address"))) long __wrap_syscall(long number, ...)
{
    long a[6];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_membarrier && a[0] == MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED &&
        refused(INJECT_SYSTEM, "membarrier", ENOSYS))
        return -1;
    if (number == SYS_process_madvise && refused(INJECT_SYSTEM, "process_madvise", ENOSYS))
        return -1;
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- rings ---- */

int __real_io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
                                      struct io_uring_params *params);
int __real_io_uring_register(unsigned fd, unsigned opcode, const void *arg, unsigned count);
int __real_io_uring_enter2(unsigned fd, unsigned submit, unsigned complete, unsigned flags,
                           sigset_t *mask, size_t size);
int __real_eventfd(unsigned count, int flags);
int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
                                      struct io_uring_params *params);
int __wrap_io_uring_register(unsigned fd, unsigned opcode, const void *arg, unsigned count);
int __wrap_io_uring_enter2(unsigned fd, unsigned submit, unsigned complete, unsigned flags,
                           sigset_t *mask, size_t size);
int __wrap_eventfd(unsigned count, int flags);

static _Thread_local int fresh_ring = -1; /* was not asked yet what it can do */

int __wrap_io_uring_queue_init_params(unsigned entries, struct io_uring *ring,
                                      struct io_uring_params *params)
{
    int error = fails(INJECT_RINGS, "io_uring_setup", EMFILE, true);

    if (!error)
        error = -__real_io_uring_queue_init_params(entries, ring, params);
    fresh_ring = error ? -1 : ring->ring_fd;
    return -error;
}

/* What can fail: the question whether the kernel knows how to cancel, and the registered
 * descriptor. A cancellation that a kernel has taken once it does not refuse. */
int __wrap_io_uring_register(unsigned fd, unsigned opcode, const void *arg, unsigned count)
{
    int error = 0;

    if (opcode == IORING_REGISTER_RING_FDS)
        error = fails(INJECT_RINGS, "io_uring_register (ring)", ENOMEM, true);
    if (opcode == IORING_REGISTER_SYNC_CANCEL && (int)fd == fresh_ring) {
        fresh_ring = -1;
        error = fails(INJECT_RINGS, "io_uring_register (cancel)", ENOMEM, true);
    }
    return error ? -error : __real_io_uring_register(fd, opcode, arg, count);
}

int __wrap_io_uring_enter2(unsigned fd, unsigned submit, unsigned complete, unsigned flags,
                           sigset_t *mask, size_t size)
{
    int error = chosen ? 0 : fails(INJECT_RINGS, "io_uring_enter", EAGAIN, false);

    return error ? -error : __real_io_uring_enter2(fd, submit, complete, flags, mask, size);
}

int __wrap_eventfd(unsigned count, int flags)
{
    return refused(INJECT_RINGS, "eventfd", EMFILE) ? -1 : __real_eventfd(count, flags);
}

/* ---- files ---- */

int __real_socket(int domain, int type, int protocol);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);

int __wrap_socket(int domain, int type, int protocol)
{
    return refused(INJECT_FILES, "socket", EMFILE) ? -1 : __real_socket(domain, type, protocol);
}

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    return refused(INJECT_FILES, "accept", EMFILE) ? -1
                                                   : __real_accept4(fd, address, length, flags);
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    return fails(INJECT_FILES, "getaddrinfo", ENOMEM, true)
               ? EAI_MEMORY
               : __real_getaddrinfo(host, service, hints, list);
}
