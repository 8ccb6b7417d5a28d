/* SPDX-License-Identifier: MIT */
/* vars: bindings, snapshots and contexts, counted. */
#include "runtime/core/vars.h"

#include <criterion/criterion.h>

TestSuite(vars, .timeout = 30);

static int destroyed;

static void counts(void *value)
{
    (void)value;
    destroyed++;
}

static const weft_context_var_t a = {.name = "a", .destroy = counts};
static const weft_context_var_t b = {.name = "b", .destroy = counts};

/* [old] is let go of. */
static weft__vars with(weft__vars old, const weft_context_var_t *var, intptr_t value)
{
    struct weft__binding *binding = weft__binding_new(var, (void *)value);
    weft__vars made = 0;

    cr_assert_not_null(binding);
    cr_assert_eq(weft__vars_with(old, var, binding, &made), 0);
    weft__binding_unref(binding);
    weft__vars_unref(old);
    return made;
}

static intptr_t value_of(weft__vars vars, const weft_context_var_t *var)
{
    struct weft__binding *binding = weft__vars_find(vars, var);
    intptr_t value = binding ? (intptr_t)binding->value : -1;

    weft__binding_unref(binding);
    return value;
}

Test(vars, a_new_snapshot_leaves_the_old_one_as_it_is)
{
    weft__vars old = with(with(0, &a, 1), &b, 2);
    weft__vars new = with(weft__vars_ref(old), &a, 3);

    cr_expect_eq(value_of(old, &a), 1);
    cr_expect_eq(value_of(new, &a), 3);
    cr_expect_eq(value_of(new, &b), 2);
    cr_expect_eq(value_of(0, &b), -1);
    weft__vars_unref(old);
    cr_expect_eq(destroyed, 1, "b is in the new one still");
    weft__vars_unref(new);
    cr_expect_eq(destroyed, 3);
}

Test(vars, a_word_is_told_from_an_address)
{
    weft__vars snapshot = with(0, &a, 1);
    struct weft_context *context = weft__context_new(weft__vars_ref(snapshot));

    cr_expect(snapshot & WEFT__VARS_MARK);
    cr_expect_null(weft__vars_context(snapshot));
    cr_expect(weft__vars_of_context(context) & WEFT__VARS_MARK);
    cr_expect_eq(weft__vars_context(weft__vars_of_context(context)), context);
    weft__vars_unref(weft__vars_of_context(context));
    weft__vars_unref(snapshot);
    cr_expect_eq(destroyed, 1);
}

Test(vars, a_context_changes_for_all_and_a_snapshot_of_it_does_not)
{
    struct weft_context *context = weft__context_new(0);
    weft__vars shared = weft__vars_of_context(context), before = weft__vars_snapshot(shared);
    struct weft__binding *binding = weft__binding_new(&a, (void *)5);

    int rc = weft__context_bind(context, &a, binding);

    cr_expect_eq(rc, 0);
    cr_expect_eq(value_of(shared, &a), 5);
    cr_expect_eq(value_of(before, &a), -1);
    weft__vars after = weft__vars_snapshot(shared);
    cr_expect_eq(weft__context_bind(context, &a, NULL), 0);
    cr_expect_eq(value_of(shared, &a), -1);
    cr_expect_eq(value_of(after, &a), 5);
    weft__binding_unref(binding);
    weft__vars_unref(after);
    cr_expect_eq(destroyed, 1);
    weft__vars_unref(shared);
}
