/* attribute_test.c - what stands below names. */
#include "phil_text.h"

static void attributes_are_checked_and_kept(void **state)
{
    struct error err;
    struct phil_object *root = text_tree(
        *state,
        "a = 1\n .type = int(value_min=0)\n .help = two words\n .expert_level = 1+1\n .multiple = yes\n"
        " .optional = False\n .caption = x\n",
        &err);
    const struct phil_object *o = root->first;
    assert_int_equal(o->type.kind, PHIL_INT);
    assert_string_equal(o->help, "two words");
    assert_int_equal(o->expert, 2);
    assert_int_equal(o->multiple, PHIL_TRUE);
    assert_int_equal(o->optional, PHIL_FALSE);
}

static void the_last_of_equal_attributes_counts(void **state)
{
    struct error err;
    const struct phil_object *o = text_tree(*state, "a = 1\n .help = x\n .help = y\n", &err)->first;
    assert_string_equal(o->help, "y");
    assert_null(o->attributes->next);
}

static void wrong_attributes_are_refused_with_their_line(void **state)
{
    static const char *const bad[][2] = {
        {"a = 1\n.expert_level = x",
         "input:2:1: .expert_level is a whole number, not \"x\": this is no number, constant or function"},
        {"a = 1\n.multiple = maybe", "input:2:1: .multiple is True or False, not \"maybe\""},
        {"a = 1\n.type = Auto", "input:2:1: Auto is no type"},
        {"a .call = os.system { }", "input:1:3: .call names a Python object, which cannot be called here"},
        {"a .sequential_format = x { }", "input:1:3: .sequential_format \"x\" has no place for one number"},
        {"a .sequential_format = %d%d { }",
         "input:1:3: .sequential_format \"%d%d\" has no place for one number"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err;
        assert_null(text_tree(*state, bad[i][0], &err));
        assert_string_equal(err.fact, bad[i][1]);
    }
    assert_non_null(text_tree(*state, "a .sequential_format = x%03d%% .disable_add = True { }", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(attributes_are_checked_and_kept),
        text_test(the_last_of_equal_attributes_counts),
        text_test(wrong_attributes_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
