/* phil_check_test.c - what parameters from a page may not hold. */
#include "web/phil_check.h"

#include "param/param.h"
#include "support.h"

#include <string.h>

static void files_and_commands_are_refused_however_they_are_written(void **state)
{
    (void)state;
    static const char *const bad[] = {"include file /etc/passwd",
                                      "x = 1\n  include scope a.b",
                                      "a { include file x }",
                                      "a;include file x",
                                      "# include file x",
                                      "mp.env_script = /tmp/x",
                                      "mp {\n env_script = x }",
                                      "mp\n\t{ custom { submit_command_template = x } }",
                                      "spotfinder.threshold.algorithm = dispersion mp.method = custom",
                                      "container.extra = x",
                                      "db.host = evil",
                                      "!mp.nproc = 1",
                                      "hooks { x = y }",
                                      "hook { command = id }",
                                      "custom.submit = id",
                                      "site { custom.submit = id }"};
    static const char *const good[] = {
        "",           "spotfinder {\n  threshold {\n    algorithm = dispersion\n  }\n}\n",
        "x.mp.y = 1", "included = 1",
        "mp_x = 1",   "xfelx.geometry.file = /data/web/mp"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {0};
        if (web_phil_check(bad[i], &err) || err.code != ERROR_USAGE)
            fail_msg("%s", bad[i]);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct error err = {0};
        if (!web_phil_check(good[i], &err))
            fail_msg("%s: %s", good[i], err.fact);
    }
}

static void every_scope_of_settings_is_refused(void **state)
{
    (void)state;
    size_t n;
    const struct param_row *rows = param_rows(&n);
    for (size_t i = 0; i < n; i++) {
        char text[256];
        struct error err = {0};
        size_t scope = strcspn(rows[i].path, ".[");
        if (!rows[i].path[scope] || strncmp(rows[i].path, "xfelx", scope) == 0)
            continue;
        snprintf(text, sizeof text, "%.*s { x = 1 }", (int)scope, rows[i].path);
        if (web_phil_check(text, &err) == (rows[i].tree == PARAM_SETTINGS))
            fail_msg("%s", rows[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_commands_are_refused_however_they_are_written),
        cmocka_unit_test(every_scope_of_settings_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
