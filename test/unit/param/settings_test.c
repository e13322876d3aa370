/* settings_test.c - the layers below the command line. */
#include <stdio.h>
#include <unistd.h>

#include "param/params.h"
#include "phil_text.h"

static char folder[] = "/tmp/xfelx-settings-XXXXXX";

static void put(const char *name, const char *text)
{
    assert_true(fs_write_atomic(name, text, strlen(text), NULL));
}

static int make_folder(void **state)
{
    (void)state;
    return !mkdtemp(folder) || chdir(folder) || !fs_make_folders(".config/xfelx", NULL) ||
           setenv("HOME", folder, 1);
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {
        "xfelx.phil", "named.phil", "other.phil", ".config/xfelx/xfelx.phil", ".config/xfelx", ".config"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove(names[i]);
    return chdir("/") || rmdir(folder);
}

static void later_layers_win_and_say_where_they_are(void **state)
{
    struct error err;
    put(".config/xfelx/xfelx.phil",
        "db.user = home\ndb.host = home\ndb.name = home\nfacility.poll = 7\nsubmit.max_tries = 5\n");
    put("xfelx.phil", "db.host = here\ndb.name = here\nfacility.poll = 8\n");
    put("named.phil", "db.name = named\nfacility.poll = 9\n");
    setenv("XFELX_CONFIG", "named.phil", 1);
    setenv("XFELX_FACILITY_POLL", "10", 1);
    setenv("XFELX_THREADS", "3", 1);
    struct params *p = params_make(*state);
    assert_true(params_load_settings(p, NULL, &err));
    assert_string_equal(param_text(p, "db.user", ""), "home");
    assert_string_equal(param_text(p, "db.host", ""), "here");
    assert_string_equal(param_text(p, "db.name", ""), "named");
    assert_true(param_real(p, "facility.poll", 0) == 10);
    assert_int_equal(param_int(p, "xfelx.threads", 0), 3);
    assert_int_equal(param_int(p, "submit.max_tries", 0), 5);
    assert_string_equal(param_origin(p, "db.user"),
                        arena_printf(*state, "%s/.config/xfelx/xfelx.phil:1", folder));
    assert_string_equal(param_origin(p, "db.host"), "xfelx.phil:1");
    assert_string_equal(param_origin(p, "db.name"), "named.phil:1");
    assert_string_equal(param_origin(p, "facility.poll"), "environment XFELX_FACILITY_POLL");
    assert_true(params_merge_argument(p, "facility.poll=11", &err));
    assert_string_equal(param_origin(p, "facility.poll"), "command line");

    put("other.phil", "db.name = other\n");
    p = params_make(*state);
    assert_true(params_load_settings(p, "other.phil", &err));
    assert_string_equal(param_text(p, "db.name", ""), "other");
    unsetenv("XFELX_CONFIG");
    unsetenv("XFELX_FACILITY_POLL");
    unsetenv("XFELX_THREADS");
}

static void texts_of_the_environment_are_taken_as_they_are(void **state)
{
    struct error err;
    setenv("XFELX_DB_PASSWORD", "it's $HOME # {a} \\", 1);
    setenv("XFELX_DB_USER", "None", 1);
    setenv("XFELX_DB_HOST", "", 1);
    struct params *p = params_make(*state);
    assert_true(params_load_settings(p, NULL, &err));
    assert_string_equal(param_text(p, "db.password", ""), "it's $HOME # {a} \\");
    assert_true(param_is_none(p, "db.user"));
    assert_string_equal(param_text(p, "db.host", "?"), "");
    unsetenv("XFELX_DB_PASSWORD");
    unsetenv("XFELX_DB_USER");
    unsetenv("XFELX_DB_HOST");
}

static void wrong_values_of_the_environment_are_refused_by_name(void **state)
{
    struct error err;
    setenv("XFELX_DB_PORT", "http", 1);
    assert_false(params_load_settings(params_make(*state), NULL, &err));
    assert_string_equal(err.fact,
                        "environment XFELX_DB_PORT: db.port = http: this is no number, constant or function");
    unsetenv("XFELX_DB_PORT");
}

static void unknown_names_of_the_environment_are_a_warning(void **state)
{
    struct error err;
    size_t before = log_count(), times;
    setenv("XFELX_DB_HSOT", "x", 1);
    setenv("XFELX_DEADLINE", "1", 1);
    assert_true(params_load_settings(params_make(*state), NULL, &err));
    assert_int_equal(log_count(), before + 1);
    assert_string_equal(log_text(before, &times), "XFELX_DB_HSOT in the environment is no setting");
    unsetenv("XFELX_DB_HSOT");
    unsetenv("XFELX_DEADLINE");
}

static void a_named_file_must_be_there(void **state)
{
    struct error err;
    assert_false(params_load_settings(params_make(*state), "nowhere.phil", &err));
    assert_non_null(strstr(err.fact, "nowhere.phil"));
    put("xfelx.phil", "db.hots = x\n");
    assert_false(params_load_settings(params_make(*state), NULL, &err));
    assert_string_equal(err.fact, "xfelx.phil:1:1: there is no parameter db.hots");
    assert_non_null(strstr(err.hint, "did you mean db.host"));
    remove("xfelx.phil");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(later_layers_win_and_say_where_they_are),
        text_test(texts_of_the_environment_are_taken_as_they_are),
        text_test(wrong_values_of_the_environment_are_refused_by_name),
        text_test(unknown_names_of_the_environment_are_a_warning),
        text_test(a_named_file_must_be_there),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
