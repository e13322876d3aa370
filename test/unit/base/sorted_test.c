/* sorted_test.c - where a row stands among sorted ones, and where it would. */
#include "base/sorted.h"

#include "support.h"

struct row {
    int64_t key;
    int no;
};

static const struct row rows[] = {{-3, 0}, {2, 1}, {2, 2}, {2, 3}, {9, 4}};
enum { N = sizeof rows / sizeof *rows };

static void the_place_is_that_of_the_first_row_not_before_the_key(void **state)
{
    (void)state;
    static const struct {
        int64_t key;
        size_t place;
    } cases[] = {{INT64_MIN, 0}, {-3, 0}, {-2, 1}, {2, 1}, {3, 4}, {9, 4}, {10, 5}, {INT64_MAX, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(sorted_place(&cases[i].key, rows, N, sizeof *rows, sorted_by_i64), cases[i].place);
}

static void the_first_of_equal_rows_is_found_and_none_where_there_is_none(void **state)
{
    (void)state;
    const int64_t two = 2, three = 3, ten = 10;
    const struct row *r = sorted_find(&two, rows, N, sizeof *rows, sorted_by_i64);
    assert_int_equal(r->no, 1);
    assert_null(sorted_find(&three, rows, N, sizeof *rows, sorted_by_i64));
    assert_null(sorted_find(&ten, rows, N, sizeof *rows, sorted_by_i64));
    assert_null(sorted_find(&two, NULL, 0, sizeof *rows, sorted_by_i64));
}

static void rows_put_at_their_places_are_in_order(void **state)
{
    (void)state;
    struct arena a = {0};
    struct row *made = NULL;
    size_t n = 0;
    for (int i = 0; i < 100; i++) {
        int64_t key = i * 37 % 101;
        size_t place = sorted_place(&key, made, n, sizeof *made, sorted_by_i64);
        made = sorted_open(&a, made, n++, sizeof *made, place);
        made[place] = (struct row){key, i};
    }
    for (size_t i = 1; i < n; i++)
        assert_true(made[i - 1].key < made[i].key);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(made[i].key, made[i].no * 37 % 101);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_place_is_that_of_the_first_row_not_before_the_key),
        cmocka_unit_test(the_first_of_equal_rows_is_found_and_none_where_there_is_none),
        cmocka_unit_test(rows_put_at_their_places_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
