/* From lattices of shots to the job's cell: space groups, settings, doubt, words. */
#include "support.h"

#include "unit/kernels/own_lattice.h"

#include "pipeline/survey_cell.h"

#include <string.h>

enum { SHOTS = 20 };

static void recipe_without_cell(struct recipe *r, const char *group)
{
    struct error err = {0};
    memset(r, 0, sizeof *r);
    free_params_default(&r->free);
    cell_run_params_default(&r->cell_run);
    index_params_default(&r->indexing);
    r->cell_shots = SHOTS;
    r->find_cell = true;
    r->no_index = "not looked for";
    if (group)
        assert_true(space_group_find(group, &r->group, &err));
}

static bool decide(const struct recipe *r, const double cell[6], char centring, size_t n,
                   struct found_cell *out)
{
    static struct free_lattice l[SHOTS];
    uint64_t seed = 31;
    for (size_t i = 0; i < n; i++)
        l[i] = own_lattice(&seed, cell, centring, 0.0003, 0.001, 0.0008);
    return survey_cell_decide(r, l, n, false, out);
}

static const char *words(const struct recipe *r, const struct found_cell *c)
{
    static char text[1024];
    struct str s = {0};
    survey_cell_say(r, c, &s);
    snprintf(text, sizeof text, "%s", s.text);
    str_free(&s);
    return text;
}

static void without_a_space_group_the_lattice_says_which(void **state)
{
    (void)state;
    static const double CELL[6] = {58.2, 81, 58.9, 90, 92.4, 90};
    static struct recipe r;
    struct found_cell c;
    struct arena a = {0};
    struct error err = {0};
    recipe_without_cell(&r, NULL);
    assert_true(survey_wants_cell(&r));
    assert_true(decide(&r, CELL, 'P', SHOTS, &c));
    assert_true(c.decided && c.assumed);
    for (int i = 0; i < 6; i++)
        assert_double_equal(c.cell[i] / CELL[i], 1, 0.001);
    assert_non_null(strstr(words(&r, &c), "cell found: mP 58."));
    assert_non_null(strstr(words(&r, &c), "from 20 of 20 shots, p "));
    assert_non_null(strstr(words(&r, &c), "space group assumed: P 1 2 1"));
    assert_true(recipe_take_found(&r, &c, &a, &err));
    assert_true(r.index && !r.no_index && r.n_cells == 1);
    assert_string_equal(r.group.hm, "P 1 2 1");
    arena_free(&a);
}

static void the_cell_is_written_in_the_setting_of_the_space_group(void **state)
{
    (void)state;
    static const struct {
        const char *group;
        double cell[6];
        char centring;
        double expected[6]; /* in that setting */
    } CASES[] = {
        // clang-format off
        {"P 1 21 1",  {50, 60, 70, 90, 97, 90}, 'P', {50, 60, 70, 90, 97, 90}},
        {"P 1 1 21",  {50, 60, 70, 90, 97, 90}, 'P', {0, 0, 60, 90, 90, 97}},
        {"P 21 21 21",{50, 60, 70, 90, 90, 90}, 'P', {50, 60, 70, 90, 90, 90}},
        {"C 2 2 21",  {60, 85, 70, 90, 90, 90}, 'C', {60, 85, 70, 90, 90, 90}},
        {"P 43 21 2", {79, 79, 38, 90, 90, 90}, 'P', {79, 79, 38, 90, 90, 90}},
        {"P 61",      {93, 93, 131, 90, 90, 120}, 'P', {93, 93, 131, 90, 90, 120}},
        {"R 3 :H",    {80, 80, 120, 90, 90, 120}, 'R', {80, 80, 120, 90, 90, 120}},
        {"R 3 :R",    {80, 80, 120, 90, 90, 120}, 'R', {61.1010, 61.1010, 61.1010, 81.786, 81.786, 81.786}},
        {"I 21 3",    {78, 78, 78, 90, 90, 90}, 'I', {78, 78, 78, 90, 90, 90}},
        // clang-format on
    };
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        static struct recipe r;
        struct found_cell c;
        struct arena a = {0};
        struct error err = {0};
        recipe_without_cell(&r, CASES[k].group);
        if (!decide(&r, CASES[k].cell, CASES[k].centring, SHOTS, &c))
            fail_msg("%s: no cell, %s", CASES[k].group, words(&r, &c));
        assert_false(c.assumed);
        for (int i = 0; i < 6; i++)
            if (CASES[k].expected[i] > 0 && fabs(c.cell[i] / CASES[k].expected[i] - 1) > 0.0015)
                fail_msg("%s: %d is %.4f, not %.4f", CASES[k].group, i, c.cell[i], CASES[k].expected[i]);
        assert_true(recipe_take_found(&r, &c, &a, &err));
        assert_true(r.index && r.n_cells == 1);
        arena_free(&a);
    }
}

static void monoclinic_i_is_the_same_lattice_as_c(void **state)
{
    (void)state;
    static const double CELL[6] = {85, 60, 50, 90, 105, 90};
    static struct recipe r;
    struct found_cell c;
    double basis[9], centred[9];
    recipe_without_cell(&r, "I 1 2 1");
    assert_true(decide(&r, CELL, 'C', SHOTS, &c));
    assert_string_equal(c.run.bravais, "mC");
    assert_true(lattice_basis(c.cell, basis) && lattice_basis(CELL, centred));
    assert_double_equal(mat3_det(basis) / mat3_det(centred), 1, 0.005);
    assert_double_equal(c.cell[1], 60, 0.1);
}

static void a_space_group_that_does_not_fit_gives_no_cell(void **state)
{
    (void)state;
    static const double CELL[6] = {50, 60, 70, 90, 90, 90};
    static struct recipe r;
    struct found_cell c;
    struct arena a = {0};
    struct error err = {0};
    recipe_without_cell(&r, "P 4 3 2");
    assert_false(decide(&r, CELL, 'P', SHOTS, &c));
    assert_non_null(strstr(words(&r, &c), "cannot be one of space group P 4 3 2"));
    assert_true(recipe_take_found(&r, &c, &a, &err));
    assert_false(r.index);
    assert_non_null(strstr(r.no_index, "no cell found"));
    arena_free(&a);
}

static void few_shots_are_not_enough_and_some_are_not_sure(void **state)
{
    (void)state;
    static const double CELL[6] = {50, 60, 70, 90, 97, 90};
    static struct recipe r;
    struct found_cell c;
    recipe_without_cell(&r, NULL);
    assert_false(decide(&r, CELL, 'P', 2, &c));
    assert_non_null(strstr(
        words(&r, &c), "no cell found: of 2 shots 2 show a lattice by themselves, 2 agree, 3 are needed"));
    assert_true(decide(&r, CELL, 'P', 5, &c));
    assert_false(c.decided);
    assert_non_null(strstr(words(&r, &c), "cell found, undecided: mP"));
    assert_non_null(strstr(words(&r, &c), "15 shots that agree are needed, there are 5"));
    assert_false(decide(&r, CELL, 'P', 0, &c));
}

static void a_recipe_with_a_cell_takes_none(void **state)
{
    (void)state;
    static struct recipe r;
    struct found_cell c = {.found = 1};
    struct arena a = {0};
    struct error err = {0};
    memset(&r, 0, sizeof r);
    assert_false(survey_wants_cell(&r));
    assert_true(recipe_take_found(&r, &c, &a, &err));
    assert_int_equal(r.n_cells, 0);
    arena_free(&a);
}

static void bytes_that_are_no_finding_are_refused(void **state)
{
    (void)state;
    static struct recipe r;
    struct found_cell c = {.found = 1, .cell = {50, 60, 70, 90, 90, 90}};
    struct arena a = {0};
    struct error err = {0};
    recipe_without_cell(&r, NULL);
    memset(c.group, 'x', sizeof c.group); /* no end, and no symbol */
    assert_false(recipe_take_found(&r, &c, &a, &err));
    arena_free(&a);
}

static void what_was_found_crosses_processes_whole_or_not_at_all(void **state)
{
    (void)state;
    static const double CELL[6] = {58.2, 81, 58.9, 90, 92.4, 90};
    static struct recipe r;
    struct found_cell c, d;
    struct free_lattice l, m;
    struct str bytes = {0};
    uint64_t seed = 77;
    recipe_without_cell(&r, NULL);
    assert_true(decide(&r, CELL, 'P', SHOTS, &c));
    l = own_lattice(&seed, CELL, 'P', 0, 0, 0.001);
    found_cell_pack(&c, &bytes);
    size_t first = bytes.len;
    free_lattice_pack(&l, &bytes);
    struct unwire in = {(const uint8_t *)bytes.text, (const uint8_t *)bytes.text + bytes.len, false};
    assert_true(found_cell_unpack(&in, &d) && free_lattice_unpack(&in, &m) && in.at == in.end);
    char said[1024];
    snprintf(said, sizeof said, "%s", words(&r, &c));
    assert_string_equal(words(&r, &d), said);
    assert_memory_equal(d.cell, c.cell, sizeof c.cell);
    assert_string_equal(d.group, c.group);
    assert_memory_equal(m.m, l.m, sizeof l.m);
    assert_memory_equal(m.cov, l.cov, sizeof l.cov);
    for (size_t n = 0; n < bytes.len; n += 13) {
        struct unwire part = {(const uint8_t *)bytes.text, (const uint8_t *)bytes.text + n, false};
        bool whole = found_cell_unpack(&part, &d);
        assert_true(whole == (n >= first));
        assert_false(whole && free_lattice_unpack(&part, &m));
    }
    l.m[4] = NAN;
    str_clear(&bytes);
    free_lattice_pack(&l, &bytes);
    in = (struct unwire){(const uint8_t *)bytes.text, (const uint8_t *)bytes.text + bytes.len, false};
    assert_false(free_lattice_unpack(&in, &m));
    str_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_space_group_the_lattice_says_which),
        cmocka_unit_test(the_cell_is_written_in_the_setting_of_the_space_group),
        cmocka_unit_test(monoclinic_i_is_the_same_lattice_as_c),
        cmocka_unit_test(a_space_group_that_does_not_fit_gives_no_cell),
        cmocka_unit_test(few_shots_are_not_enough_and_some_are_not_sure),
        cmocka_unit_test(a_recipe_with_a_cell_takes_none),
        cmocka_unit_test(bytes_that_are_no_finding_are_refused),
        cmocka_unit_test(what_was_found_crosses_processes_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
