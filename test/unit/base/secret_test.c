/* secret_test.c - secrets come from files that nobody else can read, and from no others. */
#include "base/secret.h"
#include "support.h"

#include <string.h>
#include <sys/stat.h>

static char folder[64], path[128];

static void put(const char *text, mode_t mode)
{
    snprintf(path, sizeof path, "%s/secret", folder);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static void the_first_line_of_a_protected_file_is_taken(void **state)
{
    (void)state;
    struct str s = {0};
    struct error err = {0};
    put("user:pass word\r\nsecond\n", 0600);
    assert_true(secret_read(path, &s, &err));
    assert_string_equal(s.text, "user:pass word");
    put("new", 0400);
    assert_true(secret_read(path, &s, &err));
    assert_string_equal(s.text, "new");
    str_free(&s);
}

static void what_others_can_read_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0604, 0644, 0620, 0602, 0660};
    struct str s = {0};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct error err = {0};
        put("secret\n", modes[i]);
        assert_false(secret_read(path, &s, &err));
        assert_int_equal(err.code, ERROR_USAGE);
        assert_non_null(strstr(err.fact, "read by others"));
        assert_null(strstr(err.fact, "secret\n"));
    }
    put("secret\n", 0440);
    struct error err = {0};
    assert_int_equal(secret_read(path, &s, &err), geteuid() == 0);
    str_free(&s);
}

static void empty_lines_control_characters_folders_and_nothing_are_refused(void **state)
{
    (void)state;
    struct str s = {0};
    struct error err = {0};
    put("\nsecret\n", 0600);
    assert_false(secret_read(path, &s, &err));
    put("a\tb\n", 0600);
    assert_false(secret_read(path, &s, &err));
    assert_false(secret_read(folder, &s, &err));
    assert_false(secret_read("/nowhere/secret", &s, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    str_free(&s);
}

static void a_whole_file_is_read_under_the_same_conditions(void **state)
{
    (void)state;
    struct bytes b = {0};
    struct error err = {0};
    put("first\nsecond\n", 0600);
    assert_true(secret_read_all(path, 13, &b, &err));
    assert_int_equal(b.size, 13);
    assert_memory_equal(b.data, "first\nsecond\n", 13);
    assert_false(secret_read_all(path, 12, &b, &err));
    assert_int_equal(b.size, 0);
    put("first\nsecond\n", 0644);
    assert_false(secret_read_all(path, 100, &b, &err));
    assert_non_null(strstr(err.fact, "read by others"));
    put("", 0600);
    assert_true(secret_read_all(path, 100, &b, &err));
    assert_int_equal(b.size, 0);
    bytes_free(&b);
}

int main(void)
{
    support_folder(folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_of_a_protected_file_is_taken),
        cmocka_unit_test(what_others_can_read_is_refused),
        cmocka_unit_test(empty_lines_control_characters_folders_and_nothing_are_refused),
        cmocka_unit_test(a_whole_file_is_read_under_the_same_conditions),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    support_remove(folder);
    return failed;
}
