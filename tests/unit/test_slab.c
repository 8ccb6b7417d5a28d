/* SPDX-License-Identifier: MIT */
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "runtime/core/slab.h"

TestSuite(slab, .timeout = 30);

static const enum weft__slab_id ID = WEFT__SLAB_HANDLE;
enum { SIZE = 2 * WEFT__CACHE_LINE, MANY = 1000 };

static struct weft__magazine *magazine(void)
{
    return &weft__thread_local()->magazines[ID];
}

static void count_objects(void *object, void *arg)
{
    (void)object;
    ++*(unsigned *)arg;
}

static unsigned objects(void)
{
    unsigned count = 0;

    weft__slab_each(ID, count_objects, &count);
    return count;
}

Test(slab, what_was_put_last_comes_back_first)
{
    char *a = weft__slab_get(ID), *b = weft__slab_get(ID);

    weft__slab_put(ID, a);
    weft__slab_put(ID, b);

    cr_expect_eq(weft__slab_get(ID), b);
    cr_expect_eq(weft__slab_get(ID), a);
}

Test(slab, objects_in_use_are_aligned_and_do_not_overlap)
{
    static char *object[MANY];

    for (int i = 0; i < MANY; i++) {
        object[i] = weft__slab_get(ID);
        memset(object[i], i, SIZE);
    }

    for (int i = 0; i < MANY; i++) {
        cr_assert_eq((uintptr_t)object[i] % WEFT__CACHE_LINE, 0);
        for (int k = 0; k < SIZE; k++)
            cr_assert_eq((unsigned char)object[i][k], i & 0xff, "object %d, byte %d", i, k);
    }
}

Test(slab, a_free_object_keeps_its_header_but_for_the_link)
{
    char *a = weft__slab_get(ID), before[WEFT__SLAB_HEADER];
    memset(a, 0x5a, SIZE);
    memcpy(before, a, sizeof before);

    weft__slab_put(ID, a);

    size_t link = sizeof(struct weft__link);
    cr_expect_arr_eq(a + link, before + link, sizeof before - link);
}

Test(slab, a_magazine_never_holds_two_batches_and_keeps_what_is_warm)
{
    static void *object[MANY];
    for (int i = 0; i < MANY; i++)
        object[i] = weft__slab_get(ID);

    for (int i = 0; i < MANY; i++) {
        weft__slab_put(ID, object[i]);
        cr_assert_lt(magazine()->count, 2 * WEFT__SLAB_BATCH);
        cr_assert_eq(magazine()->head, object[i]);
    }
}

Test(slab, what_went_to_the_depot_comes_back_before_new_memory_is_taken)
{
    static void *object[MANY];
    for (int i = 0; i < MANY; i++)
        object[i] = weft__slab_get(ID);
    unsigned before = objects();

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++)
            weft__slab_put(ID, object[i]);
        for (int i = 0; i < MANY; i++)
            object[i] = weft__slab_get(ID);
    }

    cr_expect_eq(objects(), before);
}

static void *use_one(void *object)
{
    *(void **)object = weft__slab_get(ID);
    weft__slab_put(ID, *(void **)object);
    return NULL;
}

Test(slab, a_thread_that_ends_gives_its_objects_back)
{
    void *theirs = NULL;
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, use_one, &theirs), 0);
    pthread_join(thread, NULL);

    cr_expect_not_null(theirs);
    cr_expect_eq(weft__slab_get(ID), theirs);
}

static void mark_seen(void *object, void *seen)
{
    for (void ***p = seen; *p; p++) {
        if (**p == object)
            ++*(unsigned *)(*p + 1);
    }
}

Test(slab, each_sees_an_object_once_in_use_or_free)
{
    struct {
        void *object;
        unsigned times;
    } in_use = {weft__slab_get(ID), 0}, is_free = {weft__slab_get(ID), 0};
    void **seen[] = {&in_use.object, &is_free.object, NULL};
    weft__slab_put(ID, is_free.object);

    weft__slab_each(ID, mark_seen, seen);

    cr_expect_eq(in_use.times, 1);
    cr_expect_eq(is_free.times, 1);
}

static void *get_one(void *object)
{
    *(void **)object = weft__slab_get(ID);
    return NULL;
}

Test(slab, an_object_may_be_put_by_another_thread_than_got_it)
{
    void *object = NULL;
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, get_one, &object), 0);
    pthread_join(thread, NULL);

    weft__slab_put(ID, object);

    cr_expect_eq(weft__slab_get(ID), object);
}
