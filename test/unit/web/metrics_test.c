/* metrics_test.c - counters as Prometheus reads them. */
#include "web/metrics.h"

#include "support.h"

#include <string.h>

static void counters_add_up_and_unknown_ones_are_left_out(void **state)
{
    (void)state;
    static struct metrics m;
    struct str text = {0};
    m.store_ns = m.lag_ns = -1;
    metrics_count(&m, 200, 500000);
    metrics_count(&m, 200, 30000000);
    metrics_count(&m, 404, INT64_C(5000000000));
    metrics_count(&m, 100000, 1);
    metrics_text(&m, 3, &text);
    assert_non_null(strstr(text.text, "xfelx_http_requests_total{code=\"200\"} 2\n"));
    assert_non_null(strstr(text.text, "xfelx_http_requests_total{code=\"404\"} 1\n"));
    assert_non_null(strstr(text.text, "_bucket{le=\"0.001\"} 2\n"));
    assert_non_null(strstr(text.text, "_bucket{le=\"0.05\"} 3\n"));
    assert_non_null(strstr(text.text, "_bucket{le=\"+Inf\"} 4\n"));
    assert_non_null(strstr(text.text, "xfelx_sse_clients 3\n"));
    assert_null(strstr(text.text, "xfelx_lag_seconds"));
    m.lag_ns = 1500000000;
    str_clear(&text);
    metrics_text(&m, 0, &text);
    assert_non_null(strstr(text.text, "xfelx_lag_seconds 1.500\n"));
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counters_add_up_and_unknown_ones_are_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
