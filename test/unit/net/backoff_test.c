/* backoff_test.c - waits double, end at the most, and are spread by a fifth. */
#include "net/net.h"
#include "support.h"

static void waits_double_up_to_the_most_and_are_spread(void **state)
{
    (void)state;
    const double middle[] = {0, 10, 20, 40, 80, 160, 300, 300};
    for (unsigned i = 0; i < 8; i++) {
        assert_double_equal(net_backoff(10, 300, i, 0), 0.8 * middle[i], 1e-9);
        assert_double_equal(net_backoff(10, 300, i, UINT64_MAX), 1.2 * middle[i], 1e-6);
        assert_double_equal(net_backoff(10, 300, i, 1ull << 63), middle[i], 1e-9);
    }
    assert_double_equal(net_backoff(10, 300, 4000000000u, 0), 240, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(waits_double_up_to_the_most_and_are_spread)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
