/* mariadb_test.c - what is refused before anything crosses a network. With a server: test/services/store_test. */
#include "store/store.h"

#include <string.h>

#include "support.h"

static bool refused(const struct store_options *o, struct error *err)
{
    struct store *s = NULL;
    *err = (struct error){0};
    return !store_open(o, false, &s, err);
}

static void plain_text_to_another_machine_is_refused(void **state)
{
    (void)state;
    struct error err;
    assert_true(
        refused(&(struct store_options){.host = "db.example", .name = "x", .tls = STORE_TLS_OFF}, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "db.tls=off is refused for db.example"));
}

static void names_that_are_no_plain_words_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "", "a`b", "UPPER", "with space", "a;DROP TABLE run", "01234567890123456789012345678901234567890"};
    struct error err;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(refused(&(struct store_options){.host = "127.0.0.1", .name = names[i]}, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
}

static void a_server_that_is_not_there_is_busy_and_its_name_is_said(void **state)
{
    (void)state;
    struct error err;
    assert_true(refused(&(struct store_options){.socket = "/nowhere/sock", .name = "mine"}, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    assert_non_null(strstr(err.fact, "mine on /nowhere/sock"));
    assert_non_null(strstr(err.detail, "error 2002"));
    assert_true(err.hint[0] != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_to_another_machine_is_refused),
        cmocka_unit_test(names_that_are_no_plain_words_are_refused),
        cmocka_unit_test(a_server_that_is_not_there_is_busy_and_its_name_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
