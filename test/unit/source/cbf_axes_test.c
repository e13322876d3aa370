/* Axis chains: panels in the laboratory, the tree of groups, and chains that lead nowhere. */
#include "made.h"

static void panels_are_where_their_chains_put_them(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    struct source *s = made_open(&file, NULL);
    const struct panel *p = source_detector(s)->panels;
    assert_int_equal(source_detector(s)->n_panels, 4);
    static const double origin[4][3] = {{-11, 1, -100}, {-9, 1, -100}, {9, -1, -100}, {9, 1, -100}};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3; k++)
            made_near(p[i].origin[k], origin[i][k]);
    made_near(p[0].fast[0], 1);
    made_near(p[0].slow[1], -1);
    made_near(p[2].fast[1], 1); /* turned by 90 degrees */
    made_near(p[2].slow[0], 1);
    assert_int_equal(p[3].n_fast, 2);
    assert_int_equal(p[3].n_slow, 3);
    made_near(p[3].pixel_slow, 0.1);
    source_close(s);
    str_free(&file);
}

static void the_tree_has_a_level_for_each_component(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int parent, panel;
    } wanted[] = {{"Z", -1, -1}, {"S0", 0, -1},  {"S0A0", 1, 0}, {"S0A1", 1, 1},
                  {"S1", 0, -1}, {"S1A0", 4, 2}, {"S1A1", 4, 3}};
    struct str file = {0};
    made_full(&file, made_full_header);
    struct source *s = made_open(&file, NULL);
    const struct detector *d = source_detector(s);
    assert_int_equal(d->n_nodes, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(d->nodes[i].name, wanted[i].name);
        assert_int_equal(d->nodes[i].parent, wanted[i].parent);
        assert_int_equal(d->nodes[i].panel, wanted[i].panel);
    }
    made_near(d->nodes[0].origin[2], -100);
    made_near(d->nodes[4].origin[0], 10);
    made_near(d->nodes[5].origin[0], -1); /* local to the sensor */
    source_close(s);
    str_free(&file);
}

static void without_components_there_is_no_tree(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    for (int i = 0; i < 8; i++)
        made_change(&file, " asic\n", " sensor\n");
    for (int i = 0; i < 10; i++)
        made_change(&file, " sensor\n", " .\n");
    made_change(&file, " arm\n", " .\n");
    struct source *s = made_open(&file, NULL);
    assert_int_equal(source_detector(s)->n_nodes, 0);
    made_near(source_detector(s)->panels[2].origin[1], -1);
    source_close(s);
    str_free(&file);
}

static void fast_is_the_axis_of_lowest_precedence(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    made_change(&file, "ARR S0A0 1 2 1 increasing S0A0_F\nARR S0A0 2 3 2 increasing S0A0_S\n",
                "ARR S0A0 1 3 2 increasing S0A0_F\nARR S0A0 2 2 1 increasing S0A0_S\n");
    made_change(&file, "ARR S0A0 1 1 2\nARR S0A0 2 1 3\n", "ARR S0A0 1 1 3\nARR S0A0 2 1 2\n");
    struct source *s = made_open(&file, NULL);
    const struct panel *p = source_detector(s)->panels;
    assert_int_equal(p->n_fast, 2);
    assert_int_equal(p->n_slow, 3);
    made_near(p->fast[1], -1);
    made_near(p->slow[0], 1);
    source_close(s);
    str_free(&file);
}

static void impossible_chains_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
        enum error_code code;
    } cases[] = {
        {"Z translation detector . ", "Z translation detector S0 ", "no end", ERROR_METADATA},
        {"Z translation detector . ", "Z translation detector NOWHERE ", "not in the table", ERROR_METADATA},
        {"S1 rotation detector Z 0 0 1", "S1 rotation detector Z 0 0 0", "length 0", ERROR_METADATA},
        {"S1 rotation detector Z 0 0 1", "S1 rotation detector Z 0 0 x", "not a number", ERROR_METADATA},
        {"S1 rotation", "S1 general", "neither", ERROR_METADATA},
        {"S1 90 0", "S1 nan 0", "setting", ERROR_METADATA},
        {"S0A0_F translation detector S0A0_S", "S0A0_F translation detector S0", "depend", ERROR_METADATA},
        {"S0A0_F translation detector S0A0_S 1 0 0", "S0A0_F translation detector S0A0_S 0 1 0",
         "perpendicular", ERROR_METADATA},
        {"S0A0_F S0A0_F 0 0.1", "S0A0_F S0A0_F 0 0", "pixel size", ERROR_METADATA},
        {"S0A0_F S0A0_F 0 0.1", "OTHER OTHER 0 0.1", "S0A0_F", ERROR_METADATA},
        {"S0A0 1 2 1 increasing", "S0A0 1 2 1 decreasing", "decreasing", ERROR_UNSUPPORTED},
        {"S0A0 1 2 1 increasing", "S0A0 1 2 7 increasing", "precedence", ERROR_METADATA},
        {"S0A0 1 2 1 increasing", "S0A0 1 2 2 increasing", "dimensions", ERROR_METADATA},
        {"ARR S0A0 1 1 2\n", "ARR S0A0 1 2 1\n", "limits", ERROR_METADATA},
        {"ARR S0A0 1 1 2\n", "ARR S0A0 1 0 1\n", "limits", ERROR_METADATA},
    };
    struct str file = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made_full(&file, made_full_header);
        made_change(&file, cases[i].from, cases[i].to);
        made_fails(&file, NULL, cases[i].code, cases[i].word);
    }
    str_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_are_where_their_chains_put_them),
        cmocka_unit_test(the_tree_has_a_level_for_each_component),
        cmocka_unit_test(without_components_there_is_no_tree),
        cmocka_unit_test(fast_is_the_axis_of_lowest_precedence),
        cmocka_unit_test(impossible_chains_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
