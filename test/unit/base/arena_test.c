/* arena_test.c - memory that lives as long as its owner. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_allocation_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    uint8_t *kept[400];
    size_t size[400];
    for (size_t i = 0; i < 400; i++) {
        size[i] = i % 50 == 49 ? 700000 + i : i * 37 % 3000; /* small ones, and some larger than a block */
        kept[i] = arena_alloc(&a, size[i]);
        assert_non_null(kept[i]);
        assert_int_equal((uintptr_t)kept[i] % 16, 0);
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(kept[i][k], 0);
        memset(kept[i], (int)(i % 251) + 1, size[i]);
    }
    for (size_t i = 0; i < 400; i++)
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(kept[i][k], i % 251 + 1);
    arena_free(&a);
    assert_null(a.head);
}

static void text_is_copied(void **state)
{
    (void)state;
    struct arena a = {0};
    char text[] = "detector";
    char *whole = arena_strdup(&a, text), *part = arena_strndup(&a, text, 3),
         *longer = arena_strndup(&a, text, 99);
    text[0] = 'X';
    assert_string_equal(whole, "detector");
    assert_string_equal(part, "det");
    assert_string_equal(longer, "detector");
    assert_string_equal(arena_printf(&a, "panel %d of %s", 7, "p0"), "panel 7 of p0");
    assert_int_equal(arena_array(&a, 0, 8) != NULL, 1);
    arena_free(&a);
}

static void an_arena_may_be_used_again_after_it_was_freed(void **state)
{
    (void)state;
    struct arena a = {0};
    for (int i = 0; i < 3; i++) {
        assert_string_equal(arena_strdup(&a, "again"), "again");
        arena_free(&a);
    }
}

static void a_row_that_grows_keeps_its_elements(void **state)
{
    (void)state;
    struct arena a = {0};
    uint32_t *row = NULL;
    size_t moved = 0;
    for (uint32_t n = 0; n < 1000; n++) {
        uint32_t *before = row;
        row = arena_grow(&a, row, n, sizeof *row);
        moved += row != before;
        assert_int_equal(row[n], 0);
        row[n] = 3 * n + 1;
    }
    for (uint32_t n = 0; n < 1000; n++)
        assert_int_equal(row[n], 3 * n + 1);
    assert_int_equal(moved, 11); /* at 0, 1, 2, 4, … 512 */
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_is_zeroed_aligned_and_apart),
        cmocka_unit_test(text_is_copied),
        cmocka_unit_test(an_arena_may_be_used_again_after_it_was_freed),
        cmocka_unit_test(a_row_that_grows_keeps_its_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
