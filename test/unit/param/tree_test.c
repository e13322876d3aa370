/* tree_test.c - trees: paths, walking, joining scopes of a master. */
#include "phil_text.h"

static void dotted_names_make_scopes_and_paths_name_them(void **state)
{
    struct phil_object *root = phil_root(*state);
    struct phil_object *o = phil_append(*state, root, "a.b.c", 5, false, (struct phil_place){0});
    assert_string_equal(phil_path(*state, o), "a.b.c");
    assert_string_equal(phil_path(*state, root), "");
    assert_true(root->first->implied && root->first->is_scope && !o->is_scope);
    assert_int_equal(phil_depth(o), 3);
    assert_ptr_equal(phil_child(root, "abc", 1), root->first);
    assert_null(phil_child(root, "ab", 2));
}

static void a_walk_visits_every_object_once_in_order(void **state)
{
    struct phil_object *root = text_tree(*state, "a { b = 1\n c { d = 2 } }\ne { }\nf = 3\n", NULL);
    struct str s = {0}, outer = {0};
    for (const struct phil_object *o = root; (o = phil_walk(root, o, false)) != NULL;)
        str_add(&s, o->name);
    for (const struct phil_object *o = root; (o = phil_walk(root, o, o->parent == root)) != NULL;)
        str_add(&outer, o->name);
    assert_string_equal(s.text, "abcdef");
    assert_string_equal(outer.text, "aef");
    str_free(&s);
    str_free(&outer);
}

static void a_master_joins_scopes_of_one_name(void **state)
{
    struct phil_node *values = text_master(*state, "a.b = 1\nx = 1\na.c = 2\n!x = 3\n");
    assert_int_equal(values->master->n_children, 2);
    assert_string_equal(text_shown(*state, values, false), "a {\n  b = '1'\n  c = '2'\n}\nx = '1'\n");
}

static void a_master_refuses_a_name_given_twice(void **state)
{
    struct error err;
    struct phil_object *root = text_tree(*state, "a = 1\na = 2\n", &err);
    assert_false(phil_master(*state, root, &err));
    assert_string_equal(err.fact, "input:2:1: a is defined a second time");
}

static void the_expert_level_is_that_of_the_nearest_scope(void **state)
{
    struct phil_object *root =
        text_tree(*state, "a .expert_level = 2\n{ b = 1\n c = 1\n .expert_level = 1\n }\nd = 1\n", NULL);
    assert_int_equal(phil_expert(root->first->first), 2);
    assert_int_equal(phil_expert(root->first->last), 1);
    assert_int_equal(phil_expert(root->last), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        text_test(dotted_names_make_scopes_and_paths_name_them),
        text_test(a_walk_visits_every_object_once_in_order),
        text_test(a_master_joins_scopes_of_one_name),
        text_test(a_master_refuses_a_name_given_twice),
        text_test(the_expert_level_is_that_of_the_nearest_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
