/* recipe_cells_test.c - the cell that is known, the forms of a crystal, and what cannot be. */
#include "one_frame.h"

static const char *refused(void)
{
    static struct error err;
    err = (struct error){0};
    assert_false(recipe_make(params, &arena, &recipe, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    return err.fact;
}

static void make_recipe(void)
{
    struct error err = {0};
    if (!recipe_make(params, &arena, &recipe, &err))
        fail_msg("%s", err.fact);
}

/* A scope that is given many times. */
static void add_form(const char *cell, const char *symbol)
{
    char path[128];
    struct error err = {0};
    snprintf(path, sizeof path, "%s/form.phil", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "indexing.stills.isoforms {\n  name = form\n");
    if (cell)
        fprintf(f, "  cell = %s\n", cell);
    if (symbol)
        fprintf(f, "  lookup_symbol = %s\n", symbol);
    fprintf(f, "}\n");
    fclose(f);
    if (!params_merge_file(params, path, &err))
        fail_msg("%s", err.fact);
}

static void a_known_cell_is_the_one_candidate(void **state)
{
    (void)state;
    set("indexing.known_symmetry.unit_cell=58.4,58.4,152,90,90,90");
    set("indexing.known_symmetry.space_group=P41212");
    make_recipe();
    assert_int_equal(recipe->n_cells, 1);
    assert_true(recipe->index && recipe->cells[0]);
}

static void isoforms_are_candidates_of_one_space_group(void **state)
{
    (void)state;
    add_form("58.4,58.4,152,90,90,90", "P41212");
    add_form("57.8,57.8,150,90,90,90", NULL);
    make_recipe();
    assert_int_equal(recipe->n_cells, 2);
    assert_true(recipe->index && recipe->cells[0] && recipe->cells[1]);
    assert_int_equal(recipe->group.number, 92);
    assert_double_equal(recipe->known[1].cell[2], 150, 0);
    assert_int_equal(recipe->known[1].n_rotations, 8);
}

static void forms_that_cannot_be_are_refused(void **state)
{
    (void)state;
    add_form(NULL, "P41212");
    assert_non_null(strstr(refused(), "isoform 1 has no cell"));
    params = params_make(&arena);
    add_form("58.4,58.4,152,90,90,90", "P41212");
    add_form("58.4,58.4,152,90,90,90", "P43212");
    assert_non_null(strstr(refused(), "different space groups"));
    params = params_make(&arena);
    add_form("58.4,63,152,90,90,90", "P41212");
    assert_non_null(strstr(refused(), "cannot be used with space group P 41 21 2"));
    params = params_make(&arena);
    add_form("58.4,58.4,152,90,90,90", "P41212");
    set("indexing.known_symmetry.unit_cell=58.4,58.4,152,90,90,90");
    assert_non_null(strstr(refused(), "both given"));
    params = params_make(&arena);
    for (int i = 0; i <= RECIPE_CELLS; i++)
        add_form(arena_printf(&arena, "20,20,%d,90,90,90", 30 + i), "P41212");
    assert_non_null(strstr(refused(), "candidate cells"));
}

/* SCIENCE 9: the ways to index that the lattice does not tell apart, as people write them. */
static void ambiguities_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *cell, *group, *words;
    } CASES[] = {{"unit_cell=93,93,131,90,90,120", "space_group=P321", "-h,-k,l"},
                 {"unit_cell=78,78,78,90,90,90", "space_group=I213", "-l,k,h"},
                 {"unit_cell=58.4,58.4,152,90,90,90", "space_group=P41212", NULL}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        params = params_make(&arena);
        set(arena_printf(&arena, "indexing.known_symmetry.%s", CASES[i].cell));
        set(arena_printf(&arena, "indexing.known_symmetry.%s", CASES[i].group));
        make_recipe();
        if (CASES[i].words == NULL)
            assert_null(recipe->ambiguity_text);
        else
            assert_string_equal(recipe->ambiguity_text, CASES[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_known_cell_is_the_one_candidate),
        CASE(isoforms_are_candidates_of_one_space_group),
        CASE(forms_that_cannot_be_are_refused),
        CASE(ambiguities_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
