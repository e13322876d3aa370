/* The table of formats: every row complete, every word once. */
#include "made.h"

static void every_row_is_complete(void **state)
{
    (void)state;
    size_t n = 0;
    for (; source_formats[n]; n++) {
        const struct source_ops *ops = source_formats[n];
        assert_true(ops->info.name && ops->info.files && ops->info.text);
        assert_true(ops->understands && ops->open && ops->read && ops->close);
        for (size_t k = 0; k < n; k++)
            assert_string_not_equal(ops->info.name, source_formats[k]->info.name);
    }
    assert_true(n >= 4);
}

static void no_row_understands_nothing_or_noise(void **state)
{
    (void)state;
    uint8_t noise[4096];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * 167 + i / 251);
    for (size_t k = 0; source_formats[k]; k++)
        for (size_t n = 0; n <= sizeof noise; n += n < 100 ? 1 : 1332) {
            uint8_t *copy = malloc(n + 1);
            memcpy(copy, noise, n);
            assert_false(source_formats[k]->understands(copy, n, "noise"));
            free(copy);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(no_row_understands_nothing_or_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
