#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/sort.h"

struct item {
    uint32_t key, place;
    char load[91];
};

static int by_key_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void lists_of_every_length_come_out_in_order_and_complete(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (size_t n = 0; n < 200; n++) {
        static struct item list[200];
        uint64_t before = 0, after = 0;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            list[i] =
                (struct item){.key = seed >> 27, .place = (uint32_t)i, .load = {[90] = (char)(i % 100)}};
            before += (uint64_t)(list[i].key + 1) * (i + 3);
        }
        sort_heap(list, n, sizeof *list, by_key_place);
        for (size_t i = 0; i < n; i++) {
            assert_true(i == 0 || by_key_place(&list[i - 1], &list[i]) < 0);
            assert_int_equal(list[i].load[90], list[i].place % 100);
            after += (uint64_t)(list[i].key + 1) * (list[i].place + 3);
        }
        assert_true(before == after);
    }
}

static void elements_too_large_are_left_alone(void **state)
{
    (void)state;
    struct huge {
        uint32_t key, place;
        char load[SORT_MAX_SIZE];
    } two[2] = {{.key = 2}, {.key = 1}};
    sort_heap(two, 2, sizeof *two, by_key_place);
    assert_int_equal(two[0].key, 2);
}

static void numbers_come_out_smallest_first(void **state)
{
    (void)state;
    double values[] = {3, -1.5, 0, 1e300, -1e300, 3, 0.25}, sorted[] = {-1e300, -1.5, 0, 0.25, 3, 3, 1e300};
    sort_doubles(values, 7);
    assert_memory_equal(values, sorted, sizeof sorted);
    sort_doubles(values, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_every_length_come_out_in_order_and_complete),
        cmocka_unit_test(elements_too_large_are_left_alone),
        cmocka_unit_test(numbers_come_out_smallest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
