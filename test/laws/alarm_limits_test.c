/* alarm_limits_test.c - the settings xfelx.alarm.* and the limits that they set are one table. */
#include "param/param.h"
#include "report/alarm_limits.h"

#include "support.h"

#include <math.h>
#include <string.h>

#define X(name, usual) "xfelx.alarm." #name,
static const char *const paths[] = {ALARM_LIMIT_TABLE(X)};
#undef X
enum { LIMITS = sizeof paths / sizeof *paths };

static void settings_say_by_themselves_what_is_usual(void **state)
{
    (void)state;
    struct arena a = {0};
    struct params *p = params_make(&a);
#define X(name, usual)                                                                                       \
    assert_true(fabs(param_real(p, "xfelx.alarm." #name, NAN) - alarm_limits_usual.name) < 1e-12);
    ALARM_LIMIT_TABLE(X)
#undef X
    arena_free(&a);
}

static void every_setting_of_alarms_is_a_limit(void **state)
{
    (void)state;
    size_t n, found = 0;
    const struct param_row *rows = param_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (!str_starts(rows[i].path, "xfelx.alarm."))
            continue;
        for (size_t k = 0; k < LIMITS; k++)
            found += strcmp(rows[i].path, paths[k]) == 0;
        assert_int_equal(rows[i].tree, PARAM_SETTINGS);
        assert_false(rows[i].in_hash);
    }
    assert_int_equal(found, LIMITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_say_by_themselves_what_is_usual),
        cmocka_unit_test(every_setting_of_alarms_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
