/* spacegroup_test.c - operators from Hall symbols, absences, metric symmetry. */
#include "support.h"

#include "base/spacegroups.h"
#include "kernels/predict.h"
#include "model/crystal.h"

#include <string.h>
#include <zlib.h>

static void found(const char *text, struct space_group *g)
{
    struct error err = {0};
    if (!space_group_find(text, g, &err))
        fail_msg("%s", err.fact);
}

static bool has_op(const struct space_group *g, const struct symop *op)
{
    for (size_t i = 0; i < g->n_ops; i++)
        if (!memcmp(g->ops[i].r, op->r, 9) && !memcmp(g->ops[i].t, op->t, 3))
            return true;
    return false;
}

/* "-y,x-y,z+1/3" → operator; the letters and fractions that tables of operators use. */
static struct symop op_from_text(const char *text)
{
    struct symop op = {0};
    int row = 0, sign = 1;
    for (const char *p = text; *p; p++) {
        if (*p == ',')
            row++, sign = 1;
        else if (*p == '+' || *p == '-')
            sign = *p == '-' ? -1 : 1;
        else if (*p >= 'x' && *p <= 'z')
            op.r[3 * row + (*p - 'x')] = (int8_t)sign;
        else if (p[1] == '/') {
            op.t[row] = (int8_t)(((sign * 12 * (p[0] - '0') / (p[2] - '0')) + 12) % 12);
            p += 2;
        }
    }
    return op;
}

static struct json *read_settings(const char *path)
{
    static char text[1 << 21];
    gzFile f = gzopen(path, "rb");
    assert_non_null(f);
    int n = gzread(f, text, sizeof text);
    gzclose(f);
    assert_true(n > 0 && n < (int)sizeof text);
    struct error err = {0};
    struct json *root = json_parse(text, (size_t)n, path, &err);
    assert_non_null(root);
    return root;
}

/* The table lists the operators without centring translations and without those that an inversion adds: every listed one
 * must be there, and as many as the order says. Closed groups of that order that hold them all are the same group. */
static void all_530_settings_have_the_operators_of_cctbx(void **state)
{
    (void)state;
    char path[4096];
    struct json *root = read_settings(support_data("phil/space_groups.json.gz", path));
    size_t n = 0;
    for (const struct json *row = json_first(root); row; row = json_next(row), n++) {
        struct space_group g;
        struct error err = {0};
        double number, order;
        assert_true(json_number(json_get(row, "number"), &number) &&
                    json_number(json_get(row, "order"), &order));
        if (!space_group_from_hall(json_text(json_get(row, "expt_hall")), &g, &err))
            fail_msg("%s", err.fact);
        assert_true(g.number == number && g.n_ops == order);
        assert_string_equal(g.hall, json_text(json_get(row, "expt_hall")));
        assert_int_equal(g.centring, json_text(json_get(row, "centring"))[0]);
        for (const struct json *t = json_first(json_get(row, "ops")); t; t = json_next(t)) {
            struct symop op = op_from_text(json_text(t));
            if (!has_op(&g, &op))
                fail_msg("%s lacks %s", g.hm, json_text(t));
        }
        for (const struct json *t = json_first(json_get(row, "ltr")); t; t = json_next(t)) {
            struct symop op = op_from_text("x,y,z");
            double v[3];
            assert_int_equal(sscanf(json_text(t), "(%lf, %lf, %lf)", &v[0], &v[1], &v[2]), 3);
            for (int k = 0; k < 3; k++)
                op.t[k] = (int8_t)(12 * v[k] + 0.5);
            assert_true(has_op(&g, &op));
        }
    }
    assert_int_equal(n, 530);
    json_free(root);
}

static bool has_inverse(const struct space_group *g, const struct symop *op)
{
    for (size_t i = 0; i < g->n_ops; i++) {
        const struct symop *other = &g->ops[i];
        bool inverse = true;
        for (int j = 0; j < 9; j++) {
            int sum = 0;
            for (int k = 0; k < 3; k++)
                sum += op->r[j / 3 * 3 + k] * other->r[3 * k + j % 3];
            inverse = inverse && sum == (j % 4 == 0);
        }
        for (int j = 0; j < 3; j++) {
            int sum = op->t[j];
            for (int k = 0; k < 3; k++)
                sum += op->r[3 * j + k] * other->t[k];
            inverse = inverse && sum % 12 == 0;
        }
        if (inverse)
            return true;
    }
    return false;
}

static void every_setting_is_a_group_with_the_identity_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < spacegroups_n; i++) {
        struct space_group g;
        struct error err = {0};
        char hall[64];
        snprintf(hall, sizeof hall, "%s", spacegroups[i].hall);
        assert_true(space_group_from_hall(hall, &g, &err));
        struct symop identity = op_from_text("x,y,z");
        assert_memory_equal(&g.ops[0], &identity, sizeof identity);
        for (size_t k = 0; k < g.n_ops; k += 7)
            assert_true(has_inverse(&g, &g.ops[k]));
    }
}

static void p6122_has_the_screw_axis_and_the_spelling_of_expt(void **state)
{
    (void)state;
    struct space_group g;
    found("P6122", &g);
    assert_int_equal(g.number, 178);
    assert_string_equal(g.hall, " P 61 2 (x,y,z+5/12)");
    assert_int_equal(g.n_ops, 12);
    struct symop screw = op_from_text("x-y,x,z+1/6"), two = op_from_text("y,x,-z+1/3");
    assert_true(has_op(&g, &screw) && has_op(&g, &two));
}

/* {h, k, l, absent} as cctbx's is_sys_absent says. */
static void absences_are_those_of_cctbx(void **state)
{
    (void)state;
    static const struct {
        const char *group;
        int32_t rows[7][4];
    } cases[] = {
        {"P212121",
         {{1, 0, 0, 1}, {2, 0, 0, 0}, {0, 0, 3, 1}, {0, 3, 0, 1}, {1, 1, 0, 0}, {1, 1, 1, 0}, {0, 0, 4, 0}}},
        {"P61",
         {{0, 0, 1, 1}, {0, 0, 2, 1}, {0, 0, 3, 1}, {0, 0, 4, 1}, {0, 0, 6, 0}, {1, 0, 1, 0}, {0, 3, 0, 0}}},
        {"I213",
         {{1, 0, 0, 1}, {1, 1, 0, 0}, {1, 1, 1, 1}, {2, 1, 1, 0}, {0, 0, 3, 1}, {2, 2, 0, 0}, {0, 0, 2, 0}}},
        {"R3:H",
         {{1, 0, 0, 1}, {1, 1, 0, 0}, {1, 0, 1, 0}, {-1, 0, 1, 1}, {0, 0, 3, 0}, {2, 1, 1, 0}, {1, 1, 1, 1}}},
        {"C2",
         {{1, 0, 0, 1}, {1, 1, 0, 0}, {2, 1, 1, 1}, {0, 0, 1, 0}, {0, 3, 0, 1}, {2, 2, 0, 0}, {1, 0, 1, 1}}},
        {"P43212",
         {{0, 0, 4, 0}, {0, 0, 6, 1}, {0, 3, 0, 1}, {1, 0, 0, 1}, {2, 0, 0, 0}, {1, 0, 1, 0}, {0, 0, 2, 1}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct space_group g;
        found(cases[i].group, &g);
        for (int k = 0; k < 7; k++)
            if (predict_absent(g.ops, g.n_ops, cases[i].rows[k]) != cases[i].rows[k][3])
                fail_msg("%s: row %d", cases[i].group, k);
    }
}

static void the_metric_system_is_what_the_axes_must_obey(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"P1", "triclinic"},      {"C2", "monoclinic"},     {"P212121", "orthorhombic"},
        {"P43212", "tetragonal"}, {"P31", "hexagonal"},     {"P63/mmc", "hexagonal"},
        {"R3:H", "hexagonal"},    {"R3:R", "rhombohedral"}, {"R-3c:R", "rhombohedral"},
        {"I213", "cubic"},        {"Fd-3m", "cubic"},       {"I41/a", "tetragonal"},
        {"P-1", "triclinic"},     {"P21/c", "monoclinic"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct space_group g;
        found(cases[i][0], &g);
        assert_string_equal(space_group_system(&g), cases[i][1]);
    }
}

static void a_cell_fits_when_it_is_near_its_mean_over_the_group(void **state)
{
    (void)state;
    struct space_group g;
    const double good[6] = {93, 93.5, 131, 90, 90.2, 119.8}, off[6] = {93, 96, 131, 90, 90, 120};
    found("P61", &g); /* the mean of cctbx: 93.344 93.344 131 90 90 120 */
    assert_true(space_group_fits_cell(&g, good, 0.0037, 0.21));
    assert_false(space_group_fits_cell(&g, good, 0.0036, 0.21));
    assert_false(space_group_fits_cell(&g, good, 0.0037, 0.19));
    assert_false(space_group_fits_cell(&g, off, 0.01, 1));
    found("P1", &g);
    assert_true(space_group_fits_cell(&g, off, 0, 1e-9));
    const double impossible[6] = {93, 96, -1, 90, 90, 120};
    assert_false(space_group_fits_cell(&g, impossible, 1, 90));
}

static void an_unknown_name_is_told_its_neighbours(void **state)
{
    (void)state;
    struct space_group g;
    struct error err = {0};
    assert_false(space_group_find("P 43 21 3", &g, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.hint, "P 43 21 2"));
    assert_false(space_group_find("231", &g, &err));
    assert_false(space_group_find("", &g, &err));
    assert_false(space_group_from_hall(" P 2y (x,y,z+1/5)", &g, &err));
    assert_int_equal(err.code, ERROR_METADATA);
    char endless[4096];
    memset(endless, 'P', sizeof endless - 1), endless[sizeof endless - 1] = 0;
    assert_false(space_group_from_hall(endless, &g, &err));
    assert_false(space_group_find(endless, &g, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_530_settings_have_the_operators_of_cctbx),
        cmocka_unit_test(every_setting_is_a_group_with_the_identity_first),
        cmocka_unit_test(p6122_has_the_screw_axis_and_the_spelling_of_expt),
        cmocka_unit_test(absences_are_those_of_cctbx),
        cmocka_unit_test(the_metric_system_is_what_the_axes_must_obey),
        cmocka_unit_test(a_cell_fits_when_it_is_near_its_mean_over_the_group),
        cmocka_unit_test(an_unknown_name_is_told_its_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
