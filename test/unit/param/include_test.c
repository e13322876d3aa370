/* include_test.c - files in files. */
#include <stdio.h>
#include <unistd.h>

#include "phil_text.h"

static char folder[] = "/tmp/xfelx-include-XXXXXX";
static const char *const names[] = {"a.phil", "b.phil", "s/c.phil", "d.phil",
                                    "e.phil", "l.phil", "v.phil",   "s"};

static void put(const char *name, const char *text)
{
    assert_true(fs_write_atomic(name, text, strlen(text), NULL));
}

static int make_folder(void **state)
{
    (void)state;
    return !mkdtemp(folder) || chdir(folder) || !fs_make_folders("s", NULL);
}

static int remove_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove(names[i]);
    return chdir("/") || rmdir(folder);
}

static void a_file_stands_in_place_of_its_include(void **state)
{
    put("a.phil", "x = 1\ng { include file b.phil\n y = 2 }\nz = 3\n");
    put("b.phil", "include file s/c.phil\nb = 2\n");
    put("s/c.phil", "c = 4\n");
    struct error err;
    struct phil_object *root = phil_parse_file(*state, "a.phil", &err);
    struct str s = {0};
    for (const struct phil_object *o = root; (o = phil_walk(root, o, false)) != NULL;)
        str_printf(&s, "%s ", phil_path(*state, o));
    assert_string_equal(s.text, "x g g.c g.b g.y z ");
    str_free(&s);
}

static void cycles_and_missing_files_are_refused(void **state)
{
    struct error err;
    put("d.phil", "include file e.phil\n");
    put("e.phil", "q = 1\ninclude file ./s/../d.phil\n");
    assert_null(phil_parse_file(*state, "d.phil", &err));
    assert_non_null(strstr(err.fact, "includes itself"));
    put("e.phil", "include file nowhere.phil\n");
    assert_null(phil_parse_file(*state, "d.phil", &err));
    assert_non_null(strstr(err.fact, "nowhere.phil"));
    put("e.phil", "include scope os.getpid\n");
    assert_null(phil_parse_file(*state, "d.phil", &err));
    assert_non_null(strstr(err.fact, "e.phil:1:1: include scope names a Python object"));
    put("e.phil", "x = {\n");
    assert_null(phil_parse_file(*state, "d.phil", &err));
    assert_non_null(strstr(err.fact, "e.phil:1:1: x has no value"));
}

static void files_that_double_each_other_come_to_an_end(void **state)
{
    struct error err;
    char name[] = "a0", text[80];
    for (int i = 0; i < 10; i++) {
        name[1] = (char)('0' + i);
        snprintf(text, sizeof text, i < 9 ? "include file a%d\ninclude file a%d\n" : "x = %d\n", i + 1,
                 i + 1);
        put(name, text);
    }
    assert_null(phil_parse_file(*state, "a0", &err));
    assert_non_null(strstr(err.fact, "more than 200 files are included"));
    for (name[1] = '0'; name[1] <= '9'; name[1]++)
        remove(name);
}

static void variables_do_not_see_the_including_file(void **state)
{
    struct error err;
    unsetenv("x");
    put("l.phil", "x = 1\ninclude file v.phil\n");
    put("v.phil", "y = $x\n");
    struct phil_object *root = phil_parse_file(*state, "l.phil", &err);
    struct phil_words w;
    assert_false(phil_resolve(*state, root->last, &w, &err));
    assert_non_null(strstr(err.fact, "v.phil:1:5: there is no variable $x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(a_file_stands_in_place_of_its_include),
        text_test(cycles_and_missing_files_are_refused),
        text_test(files_that_double_each_other_come_to_an_end),
        text_test(variables_do_not_see_the_including_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
