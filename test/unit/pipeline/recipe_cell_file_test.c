/* recipe_cell_file_test.c - candidate cells from a list in a file, in each of its forms. */
#include "one_frame.h"

#include <string.h>

static struct error err;

static bool read_cells(const char *text)
{
    err = (struct error){0};
    assert_true(fs_write_atomic(path_of("cells"), text, strlen(text), &err));
    set(arena_printf(&arena, "xfelx.cell.file=%s/cells", folder));
    return recipe_make(params, &arena, &recipe, &err);
}

#define CRYSTFEL "CrystFEL unit cell file version 1.0\n\n"
#define TETRAGONAL "a = 79.1 A\nb = 79.1 A\nc = 38.1 A\nal = 90 deg\nbe = 90 deg\nga = 90 deg\n"

static void every_form_says_the_same(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "# forms\n79.1 79.1 38.1 90 90 90 P43212 native\n77,77,37.5,90,90,90 96 dry\n",
        "{\"cells\": [{\"unit_cell\": [79.1,79.1,38.1,90,90,90], \"space_group\": \"P43212\", \"name\": "
        "\"native\"},"
        " {\"cell\": [77,77,37.5,90,90,90]}]}",
        "[{\"unit_cell\": [79.1,79.1,38.1,90,90,90], \"space_group\": \"P43212\"},{\"unit_cell\": "
        "[77,77,37.5,90,90,90]}]",
        "indexing.stills {\n isoforms { cell = 79.1,79.1,38.1,90,90,90\n lookup_symbol = P43212\n }\n"
        " isoforms { cell = 77,77,37.5,90,90,90 }\n}\n",
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (!read_cells(forms[i]))
            fail_msg("%s: %s", forms[i], err.fact);
        assert_int_equal(recipe->n_cells, 2);
        assert_string_equal(recipe->group.hm, "P 43 21 2");
        assert_double_equal(recipe->known[1].cell[0], 77, 1e-12);
        assert_true(recipe->index);
    }
}

static void a_crystfel_cell_says_the_lattice_alone(void **state)
{
    (void)state;
    static const struct {
        const char *lattice, *group;
    } cases[] = {{"lattice_type = tetragonal\ncentering = P\nunique_axis = c\n", "P 4"},
                 {"lattice_type = tetragonal\ncentering = I\nunique_axis = c\n", "I 4"},
                 {"lattice_type = triclinic\ncentering = P\n", "P 1"},
                 {"lattice_type = orthorhombic\ncentering = F\n", "F 2 2 2"},
                 {"lattice_type = monoclinic\ncentering = C\nunique_axis = b\n", "C 1 2 1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!read_cells(arena_printf(&arena, CRYSTFEL "%s" TETRAGONAL, cases[i].lattice)))
            fail_msg("%s: %s", cases[i].lattice, err.fact);
        assert_string_equal(recipe->group.hm, cases[i].group);
        assert_double_equal(recipe->known[0].cell[2], 38.1, 1e-12);
    }
    assert_true(read_cells(CRYSTFEL
                           "lattice_type = triclinic\ncentering = P\na = 7.91 nm\nb = 8 nm\nc = 3.81 nm\n"
                           "al = 90 deg\nbe = 91 deg ; nearly\nga = 90 deg\n"));
    assert_double_equal(recipe->known[0].cell[0], 79.1, 1e-9);
    assert_false(read_cells(CRYSTFEL "lattice_type = tetragonal\ncentering = F\n" TETRAGONAL));
    assert_false(read_cells(CRYSTFEL "lattice_type = tetragonal\ncentering = P\na = 79.1 A\n"));
    set("indexing.known_symmetry.space_group=P43212");
    assert_true(
        read_cells(CRYSTFEL "lattice_type = tetragonal\ncentering = P\nunique_axis = c\n" TETRAGONAL));
    assert_string_equal(recipe->group.hm, "P 43 21 2");
    assert_false(
        read_cells(CRYSTFEL "lattice_type = tetragonal\ncentering = I\nunique_axis = c\n" TETRAGONAL));
}

static void a_list_that_cannot_be_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"79.1 79.1 38.1 90 90\n", "line 1"},
        {"79.1 79.1 38.1 90 90 90 P43212\n\n50 60 70 90 90 90 P212121\n", "line 3"},
        {"79.1 79.1 38.1 90 90 90\n50 60 70 90 90 90 P212121\n", "line 2"},
        {"79.1 79.1 38.1 90 90 90 P99\n", "P99"},
        {"# none\n", "has no cells"},
        {"[{\"unit_cell\": [1,2,3]}]", "cell 1"},
        {"{\"cells\": 4}", "array"},
        {"[{", ""},
        {"unit_cell = \n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (read_cells(cases[i][0]) || err.code != ERROR_USAGE || !strstr(err.fact, cases[i][1]))
            fail_msg("\"%s\": %d %s", cases[i][0], err.code, err.fact);
    }
}

static void cells_are_given_once(void **state)
{
    (void)state;
    set("indexing.known_symmetry.unit_cell=79.1,79.1,38.1,90,90,90");
    assert_false(read_cells("79.1 79.1 38.1 90 90 90\n"));
    assert_int_equal(err.code, ERROR_USAGE);
}

static void another_list_is_another_recipe(void **state)
{
    (void)state;
    char first[65];
    assert_true(read_cells("79.1 79.1 38.1 90 90 90\n"));
    memcpy(first, recipe->hash_hex, sizeof first);
    assert_true(read_cells("79.2 79.2 38.1 90 90 90\n"));
    assert_string_not_equal(first, recipe->hash_hex);
    assert_string_equal(recipe->files[0].kind, "cells");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_form_says_the_same),
        CASE(a_crystfel_cell_says_the_lattice_alone),
        CASE(a_list_that_cannot_be_is_refused_with_its_place),
        CASE(cells_are_given_once),
        CASE(another_list_is_another_recipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
