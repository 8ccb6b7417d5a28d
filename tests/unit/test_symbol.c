/* SPDX-License-Identifier: MIT */
/* symbol: what a code address is called. */
#include "runtime/base/symbol.h"

#include <gnu/libc-version.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char text[128];

Test(symbol, a_function_that_others_can_link_has_its_name_and_the_offset)
{
    weft__symbol((const char *)(void *)malloc + 1, text, sizeof text);

    cr_expect_str_eq(strchr(text, '+'), "+0x1", "%s", text);
    cr_expect_not_null(strstr(text, "malloc"), "%s", text);
}

static void is_static(void)
{
}

Test(symbol, a_static_one_is_a_place_in_its_file)
{
    weft__symbol((const void *)is_static, text, sizeof text);

    cr_expect_not_null(strstr(text, "+0x"), "%s", text);
    cr_expect_null(strstr(text, "weft"), "nor that of a neighbour: %s", text);
}

Test(symbol, no_code_is_its_number)
{
    weft__symbol((void *)16, text, sizeof text);

    cr_expect_str_eq(text, "0x10");
}

Test(symbol, a_short_buffer_is_terminated)
{
    memset(text, 'x', sizeof text);
    weft__symbol((const void *)is_static, text, 5);

    cr_expect_eq(strlen(text), 4);
}

Test(symbol, what_is_linked_into_the_program_is_ours_and_the_c_library_is_not)
{
    cr_expect(weft__symbol_is_ours((const void *)is_static));
    cr_expect(!weft__symbol_is_ours((const void *)gnu_get_libc_version));
    cr_expect(!weft__symbol_is_ours((const void *)16));
}
