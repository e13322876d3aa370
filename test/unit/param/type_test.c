/* type_test.c - types and their arguments. */
#include "phil_text.h"

static const char *shown(struct arena *a, const char *text)
{
    struct phil_type t;
    struct error err;
    if (!phil_type_read(text, (struct phil_place){text_source(a, text), 0, 1}, &t, &err))
        return NULL;
    struct str s = {0};
    phil_type_show(&s, &t);
    const char *result = arena_strdup(a, s.text);
    str_free(&s);
    return result;
}

static void types_are_printed_as_libtbx_prints_them(void **state)
{
    static const char *const cases[][2] = {
        {"int", "int(allow_none=True)"},
        {" float ( value_min = 0 , value_max=1.5 ) ", "float(value_min=0, value_max=1.5, allow_none=True)"},
        {"int(1, 5, False)", "int(value_min=1, value_max=5)"},
        {"int(value_min=-2**3)", "int(value_min=-8, allow_none=True)"},
        {"floats(size=3)", "floats(size=3)"},
        {"ints(3)", "ints(size=3)"},
        {"floats(size_min=2, size_max=3, allow_none_elements=True)",
         "floats(size_min=2, size_max=3, allow_none_elements=True)"},
        {"choice(multi=True)", "choice(multi=True)"},
        {"choice(multi=False)", "choice"},
        {"int(value_min=None,)", "int(allow_none=True)"},
        {"str()", "str"},
        {"unit_cell", "unit_cell"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = shown(*state, cases[i][0]);
        if (!text)
            fail_msg("%s is refused", cases[i][0]);
        assert_string_equal(text, cases[i][1]);
    }
}

static void what_is_no_type_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "integer",
                                      "Int",
                                      "int(",
                                      "int)",
                                      "int(bad=1)",
                                      "int(value_min=x)",
                                      "int(value_min=5, value_max=1)",
                                      "int(1,value_min=2)",
                                      "int(value_min=1, 2)",
                                      "ints(size=0)",
                                      "ints(size=2, size_max=3)",
                                      "ints(size_min=3,size_max=2)",
                                      "ints(size=1.5)",
                                      "str(x=1)",
                                      "choice(multi=1)",
                                      "os.system('true')",
                                      "int(,)",
                                      "int(1,2,True,4)"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (shown(*state, bad[i]))
            fail_msg("%s is accepted", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(types_are_printed_as_libtbx_prints_them),
        text_test(what_is_no_type_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
