/* SPDX-License-Identifier: MIT */
#include "runtime/preload/mutexes.h"

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

typedef int lock_fn(pthread_mutex_t *mutex);
typedef int timed_fn(pthread_mutex_t *mutex, const struct timespec *until);

static __thread struct {
    int held;
    void *where;
} mine;

/* Those of the C library, or of whoever else stands in between. Found before main; who locks
 * earlier than that finds them itself. */
static lock_fn *lock, *trylock, *unlock;
static timed_fn *timedlock;

__attribute__((constructor)) static void find(void)
{
    lock = (lock_fn *)dlsym(RTLD_NEXT, "pthread_mutex_lock");
    trylock = (lock_fn *)dlsym(RTLD_NEXT, "pthread_mutex_trylock");
    timedlock = (timed_fn *)dlsym(RTLD_NEXT, "pthread_mutex_timedlock");
    unlock = (lock_fn *)dlsym(RTLD_NEXT, "pthread_mutex_unlock");
}

static void find_once(void)
{
    if (!lock)
        find();
}

static int count(int rc, void *where)
{
    if (rc == 0) {
        mine.held++;
        mine.where = where;
    }
    return rc;
}

int weft_mutexes_held(void **where)
{
    int held = mine.held;

    *where = mine.where;
    mine.held = 0;
    return held;
}

void weft_mutexes_again(int held, void *where)
{
    mine.held += held;
    mine.where = where;
}

#define EXPORT __attribute__((visibility("default")))

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    find_once();
    return count(lock(mutex), __builtin_return_address(0));
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    find_once();
    return count(trylock(mutex), __builtin_return_address(0));
}

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    find_once();
    return count(timedlock(mutex, until), __builtin_return_address(0));
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    find_once();
    if (mine.held > 0) /* else it was locked before the last question, or elsewhere */
        mine.held--;
    return unlock(mutex);
}
