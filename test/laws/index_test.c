/* Laws of indexing: what is not a lattice is refused whatever its length, what is one is found and written in one setting
 * (SCIENCE 7, 11). Numbers of lists are small; XFELX_TEST_FULL=1 makes the same laws take all lists with truth, and 100 null lists
 * for each cell, kind and length.
 */
#include "support.h"

#include "unit/kernels/still.h"

#include "base/json.h"

static bool full(void)
{
    return getenv("XFELX_TEST_FULL") != NULL;
}

static const struct known_cell CELLS[] = {
    {.cell = {79, 79, 38, 90, 90, 90}, .centring = 'P'},
    {.cell = {93.4, 93.4, 131.1, 90, 90, 120}, .centring = 'P'},
    {.cell = {66.9, 106, 117, 90, 98.2, 90}, .centring = 'P'},
    {.cell = {281, 281, 165.2, 90, 90, 120}, .centring = 'P'},
};
enum { N_CELLS = sizeof CELLS / sizeof *CELLS };

/* A spot as far from the beam as it was, somewhere else around it. */
static void turn_spots(struct still *s, uint64_t *seed)
{
    for (size_t i = 0; i < s->n; i++) {
        double r = hypot(s->spot[i].x - 1000, s->spot[i].y - 1000),
               phi = 6.283185307179586 * noise_uniform(seed);
        s->spot[i].x = 1000 + r * cos(phi);
        s->spot[i].y = 1000 + r * sin(phi);
    }
}

/* Kinds of lists without the lattice asked for. (A mirrored list is none: the mirror image of a lattice is the lattice turned
 * by half a turn, and its points still lie on the sphere.) */
enum kind { RANDOM_AZIMUTH, OTHER_CELL, UNIFORM, RINGS, KINDS };

static void make_null(enum kind kind, size_t cell, size_t n, uint64_t *seed, struct still *s)
{
    const struct known_cell *k = &CELLS[kind == OTHER_CELL ? (cell + 1) % (N_CELLS - 1) : cell];
    double u[9], A[9];
    still_empty(s);
    switch (kind) {
    case RANDOM_AZIMUTH: /* the radii of a real pattern */
    case OTHER_CELL:
        still_rotation(seed, u);
        still_orient(k->cell, u, A);
        still_add_lattice(s, seed, A, k->centring, n, 0.4);
        if (kind == RANDOM_AZIMUTH)
            turn_spots(s, seed);
        break;
    case RINGS: { /* half of the spots on ice rings */
        static const double ICE[] = {3.90, 3.67, 3.44, 2.67, 2.25};
        still_add_noise(s, seed, n);
        for (size_t i = 0; i < s->n / 2; i++) {
            double two_theta = 2 * asin(1.3 / (2 * ICE[i % 5])), r = 2000 * tan(two_theta);
            double x = s->spot[i].x - 1000, y = s->spot[i].y - 1000, scale = r / hypot(x, y);
            s->spot[i].x = 1000 + x * scale;
            s->spot[i].y = 1000 + y * scale;
        }
        break;
    }
    default:
        still_add_noise(s, seed, n);
    }
}

static void lists_without_a_lattice_are_refused(void **state)
{
    (void)state;
    static const size_t LENGTH[] = {6, 8, 10, 12, 20, 50, 200};
    uint64_t seed = 2026;
    int draws = full() ? 100 : 1;
    double highest = -99;
    int lists[KINDS] = {0}, accepted[KINDS] = {0}, all = 0;
    for (size_t c = 0; c < N_CELLS; c++) {
        struct still_indexer *x = still_indexer(&CELLS[c]);
        for (enum kind kind = 0; kind < KINDS; kind++)
            for (size_t i = 0; i < sizeof LENGTH / sizeof *LENGTH * (size_t)draws; i++) {
                size_t l = i / (size_t)draws;
                struct still s;
                if (kind == OTHER_CELL && c == N_CELLS - 1)
                    continue; /* a 281 Å cell strained by 4 % is a superlattice of the 79 Å one: no null */
                make_null(kind, c, LENGTH[l], &seed, &s);
                x->params.geometry_trusted = (all++ & 3) != 0;
                lists[kind]++;
                accepted[kind] += still_index(x, &s) > 0;
                highest = fmax(highest, x->found.best_evidence);
            }
        still_indexer_free(x);
    }
    print_message("%d lists of seed 2026, highest log10 evidence %.2f\n", all, highest);
    for (enum kind kind = 0; kind < KINDS; kind++) { /* SCIENCE 11; of a short run, none */
        print_message("kind %d: %d of %d accepted\n", (int)kind, accepted[kind], lists[kind]);
        assert_true((kind == OTHER_CELL ? 200 : 1000) * accepted[kind] <= lists[kind]);
    }
}

/* The lists with truth of the simulated sets: 8, 10, 12 spots, of which 0 to 2 belong to nothing, beam centre off by up to
 * one pixel; and as many null lists with the same radii. Every eleventh of them. */
static void short_lists_with_truth_are_all_indexed(void **state)
{
    (void)state;
    char *text = support_gunzip("simulated/lists.jsonl.gz"), *line = text, *end;
    struct error err = {0};
    assert_non_null(end = strchr(line, '\n'));
    struct json *head = json_parse(line, (size_t)(end - line), "lists", &err);
    const struct json *cells = json_get(head, "cells"), *cell = json_first(cells);
    struct still_indexer *x[4];
    const char *name[4];
    double distance, beam[2];
    assert_int_equal(json_size(cells), 4);
    for (int i = 0; i < 4; i++, cell = json_next(cell)) {
        struct known_cell known = {.centring = 'P'};
        assert_true(json_numbers(json_get(cell, "cell"), known.cell, 6));
        x[i] = still_indexer(&known);
        name[i] = json_key(cell);
    }
    assert_true(json_number(json_get(json_get(head, "detector"), "distance"), &distance));
    assert_true(json_numbers(json_get(json_get(head, "detector"), "beam"), beam, 2));
    int right[13] = {0}, tried[13] = {0}, wrong = 0, nulls = 0, accepted = 0;
    for (int number = 0; (line = end + 1) && (end = strchr(line, '\n')); number++) {
        if (number % (full() ? 1 : 11)) /* lists and null lists alternate */
            continue;
        struct json *list = json_parse(line, (size_t)(end - line), "lists", &err);
        const struct json *xy = json_get(list, "xy");
        struct still s;
        double n, A[9];
        still_empty(&s);
        s.panel.origin[0] = -beam[0] * 0.075;
        s.panel.origin[1] = beam[1] * 0.075;
        s.panel.origin[2] = -1000 * distance;
        s.panel.n_fast = 2058;
        s.panel.n_slow = 2072;
        for (const struct json *p = json_first(xy); p; p = json_next(p)) {
            double at[2];
            assert_true(json_numbers(p, at, 2) && s.n < STILL_SPOTS);
            s.spot[s.n++] = (struct spot){.x = at[0], .y = at[1], .intensity = 1};
        }
        int which = 0;
        while (which < 3 && strcmp(name[which], json_text(json_get(list, "crystal"))) != 0)
            which++;
        assert_true(json_number(json_get(list, "n"), &n));
        bool found = still_index(x[which], &s) > 0;
        if (json_is_true(json_get(list, "null"))) {
            nulls++;
            accepted += found;
        } else {
            assert_true(json_numbers(json_get(list, "A"), A, 9));
            for (int k = 0; k < 3; k++) { /* half a turn from the McStas frame */
                A[k] = -A[k];
                A[6 + k] = -A[6 + k];
            }
            bool same = found && still_misset(x[which]->lattice[0].A, A, 'P') < 1;
            tried[(int)n]++;
            right[(int)n] += same;
            wrong += found && !same;
        }
        json_free(list);
    }
    print_message("right of 8 spots %d/%d, 10 %d/%d, 12 %d/%d; null lists accepted %d/%d\n", right[8],
                  tried[8], right[10], tried[10], right[12], tried[12], accepted, nulls);
    assert_true(tried[8] >= 15 && tried[10] >= 15 && tried[12] >= 15 && nulls >= 50);
    for (int n = 8; n <= 12; n += 2)
        assert_int_equal(right[n], tried[n]);
    assert_int_equal(wrong, 0);
    assert_int_equal(accepted, 0);
    for (int i = 0; i < 4; i++)
        still_indexer_free(x[i]);
    json_free(head);
    free(text);
}

/* Random orientation × every rotation of the lattice in, one A out: the rotations give the same spots, so what is checked is
 * that U lies in the part of rotation space that belongs to identity. */
static void a_is_always_the_orientation_nearest_to_identity(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (size_t c = 0; c < N_CELLS - 1; c++) {
        struct still_indexer *x = still_indexer(&CELLS[c]);
        double basis[9], inverse_t[9], inverse[9], g[9];
        int8_t rotation[LATTICE_ROTATIONS][9];
        lattice_basis(CELLS[c].cell, basis);
        lattice_metric(basis, g);
        size_t n = lattice_operations(g, 0, 1e-4, rotation, LATTICE_ROTATIONS);
        lattice_reciprocal(basis, inverse_t);
        for (int i = 0; i < 9; i++)
            inverse[i] = inverse_t[i % 3 * 3 + i / 3];
        for (int round = 0; round < 10; round++) {
            struct still s;
            double u[9], A[9], m[9], least = 9, own = 0;
            still_empty(&s);
            still_rotation(&seed, u);
            still_orient(CELLS[c].cell, u, A);
            still_add_lattice(&s, &seed, A, 'P', 50, 0.4);
            assert_int_equal(still_index(x, &s), 1);
            lattice_reciprocal(x->lattice[0].A, m);
            for (size_t k = 0; k < n; k++) {
                double t[9], r[9];
                lattice_change(m, rotation[k], t);
                mat3_mul(t, inverse, t);
                assert_true(lattice_nearest_rotation(t, r));
                least = fmin(least, lattice_rotation_angle(r));
                own = k == 0 ? lattice_rotation_angle(r) : own; /* the identity comes first */
            }
            assert_true(own < least + 1e-9);
        }
        still_indexer_free(x);
    }
}

/* The order in which spots are listed says nothing: the same lattices to the last bit, the same spot in the same place of them. */
static void the_order_of_the_spots_changes_nothing(void **state)
{
    (void)state;
    uint64_t seed = 11;
    for (size_t c = 0; c < N_CELLS - 1; c++) {
        struct still_indexer *x = still_indexer(&CELLS[c]), *y = still_indexer(&CELLS[c]);
        x->params.max_lattices = y->params.max_lattices = 3;
        for (int round = 0; round < 6; round++) {
            struct still s, shuffled;
            size_t place[STILL_SPOTS];
            double u[9], A[9];
            still_empty(&s);
            for (int k = 0; k <= round % 3; k++) {
                still_rotation(&seed, u);
                still_orient(CELLS[c].cell, u, A);
                still_add_lattice(&s, &seed, A, 'P', round < 3 ? 12 : 120, 0.4);
            }
            still_add_noise(&s, &seed, 5);
            shuffled = s;
            for (size_t i = 0; i < s.n; i++)
                place[i] = i;
            for (size_t i = s.n - 1; i > 0; i--) {
                size_t j = (size_t)(noise_uniform(&seed) * (double)(i + 1)), t = place[i];
                place[i] = place[j];
                place[j] = t;
            }
            for (size_t i = 0; i < s.n; i++)
                shuffled.spot[i] = s.spot[place[i]];
            size_t n = still_index(x, &s);
            assert_int_equal(still_index(y, &shuffled), n);
            assert_true(x->n == s.n && y->n == s.n);
            assert_true(x->found.best_evidence == y->found.best_evidence);
            for (size_t k = 0; k < n; k++)
                assert_memory_equal(&x->lattice[k], &y->lattice[k], sizeof x->lattice[k]);
            for (size_t i = 0; i < s.n; i++) {
                assert_int_equal(y->owner[i], x->owner[place[i]]);
                assert_memory_equal(y->hkl[i], x->hkl[place[i]], sizeof y->hkl[i]);
            }
        }
        still_indexer_free(x);
        still_indexer_free(y);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_without_a_lattice_are_refused),
        cmocka_unit_test(short_lists_with_truth_are_all_indexed),
        cmocka_unit_test(the_order_of_the_spots_changes_nothing),
        cmocka_unit_test(a_is_always_the_orientation_nearest_to_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
