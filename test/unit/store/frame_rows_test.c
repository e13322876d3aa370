/* frame_rows_test.c - rows have the columns of the schema, and roll-ups see in them what the result said. */
#include "store/frame_rows.h"

#include <math.h>
#include <string.h>

#include "support.h"

static void check_column(const char *table, int number, const char *name)
{
    struct schema_column c[SCHEMA_COLUMNS_MAX];
    size_t n = schema_columns(schema_find(table), c);
    assert_true((size_t)number < n);
    assert_string_equal(c[number].name, name);
}

static void columns_by_number_are_those_of_the_schema(void **state)
{
    (void)state;
    struct schema_column c[SCHEMA_COLUMNS_MAX];
    static const struct {
        const char *table;
        int number;
        const char *name;
    } rows[] = {
        {"frame", F_ATTEMPT, "attempt"},
        {"frame", F_OUTCOME, "outcome"},
        {"frame", F_REASON, "reason"},
        {"frame", F_N_LATTICE, "n_lattice"},
        {"frame", F_T_EVENT, "t_event"},
        {"frame", F_T_DONE, "t_done"},
        {"frame", F_EV_USED, "ev_used"},
        {"frame", F_RES, "res_a"},
        {"frame", F_RING, "ring"},
        {"frame", F_STAGES, "stages"},
        {"frame", F_LOW, "low"},
        {"frame", F_N_ICE, "n_ice"},
        {"frame", F_LEN, "len_px"},
        {"lattice", L_N_INTEGRATED, "n_integrated"},
        {"lattice", L_EVIDENCE, "evidence"},
        {"lattice", L_RES, "res_a"},
        {"lattice", L_DY, "dy_px"},
        {"lattice", L_CELL, "a"},
        {"lattice", L_CELL + 5, "ga"},
        {"lattice", L_MAT, "mat"},
        {"lattice", L_FREE_CELL, "free_cell"},
        {"lattice", L_IDENT, "ident"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_column(rows[i].table, rows[i].number, rows[i].name);
    assert_int_equal(schema_columns(schema_find("frame"), c), F_COLUMNS);
    assert_int_equal(schema_columns(schema_find("lattice"), c), L_COLUMNS);
}

static struct lattice lattice_of(double rmsd)
{
    return (struct lattice){.A = {0.01, 0, 0, 0, 0.02, 0, 0, 0, 0.03},
                            .cell = {70, 80, 90, 90, 91, 90},
                            .free_cell = {70.1, 80.2, 90.3, 90, 91.4, 90},
                            .rmsd_x = rmsd,
                            .n_integrated = 33,
                            .evidence = 12.3,
                            .res_a = 1.9,
                            .shift_px = {0.1, -0.2}};
}

static void a_result_becomes_rows_that_say_the_same(void **state)
{
    (void)state;
    uint8_t shells[2][RESULT_SHELLS] = {{0}};
    struct lattice lattices[2] = {lattice_of(0.1), lattice_of(NAN)};
    struct result r = {.id = {.source = 2, .frame = 5, .path = "/data/a.h5"},
                       .outcome = OUTCOME_INTEGRATED,
                       .flags = FRAME_SATURATED,
                       .beam = {.v = {.wavelength = 1.3}},
                       .n_strong = 40,
                       .lattices = lattices,
                       .n_lattices = 2,
                       .shells = (const uint8_t(*)[RESULT_SHELLS])shells,
                       .stage_ns = {2000000, 0, 700000},
                       .n_stages = 3,
                       .t_done = 77};
    struct frame_rows rows = {.n = 0};
    struct frame_owner owner = {.job = 1, .attempt = 2, .writer = 3, .recipe_hash = "hash"};
    frame_rows_add(&rows, &owner, &r);
    assert_int_equal(rows.n, 1);
    assert_int_equal(rows.frames.n, F_COLUMNS);
    assert_int_equal(rows.lattices.n, 2 * L_COLUMNS);
    assert_int_equal(rows.failures.n, 0);
    const struct roll_frame *f = rows.seen;
    assert_int_equal(f->source, 2);
    assert_int_equal(f->frame, 5);
    assert_int_equal(f->n_strong, 40);
    assert_int_equal(f->n_lattices, 2);
    assert_int_equal(f->stages[0], 20);
    assert_int_equal(f->stages[2], 7);
    assert_true(f->t_event == INT64_MIN);
    assert_double_equal(f->lattices[0].rmsd_px, (double)0.1f, 0); /* as the table keeps it */
    assert_true(isnan(f->lattices[1].rmsd_px));
    assert_double_equal(f->lattices[0].free_cell[4], 91.4, 0);
    assert_double_equal(f->lattices[0].A[8], 0.03, 0);
    assert_int_not_equal(roll_hash(f->lattices[0].ident), roll_hash(f->lattices[1].ident));
    frame_rows_free(&rows);
}

static void a_refused_frame_keeps_its_outcome_and_nothing_else(void **state)
{
    (void)state;
    struct lattice lattice = lattice_of(0.1);
    struct result r = {.id = {.frame = 5, .path = "/data/a.h5"},
                       .outcome = OUTCOME_INTEGRATED,
                       .beam = {.v = {.wavelength = 1.3}},
                       .n_strong = 40,
                       .lattices = &lattice,
                       .n_lattices = 1};
    struct frame_rows rows = {.n = 0};
    struct frame_owner owner = {.job = 1, .recipe_hash = "hash", .minimal = true};
    frame_rows_add(&rows, &owner, &r);
    assert_int_equal(rows.lattices.n, 0);
    assert_int_equal(rows.seen->outcome, OUTCOME_INTEGRATED);
    assert_int_equal(rows.seen->flags, FRAME_LOG_ERROR);
    assert_int_equal(rows.seen->n_strong, 0);
    assert_int_equal(rows.seen->n_lattices, 0);
    frame_rows_free(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_by_number_are_those_of_the_schema),
        cmocka_unit_test(a_result_becomes_rows_that_say_the_same),
        cmocka_unit_test(a_refused_frame_keeps_its_outcome_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
