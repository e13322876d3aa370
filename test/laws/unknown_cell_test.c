/* The simulated sets without their cells: own lattice of every shot, one cell for the run, how many shots it needs, and lists of no
 * crystal. ALGORITHMS_LATTICE 1.2, 1.3, 4.1, 6. Set E and short nulls always; XFELX_TEST_FULL=1: all sets and more lists.
 */
#include "spot_lists.h"
#include "unit/kernels/still.h"

#include "kernels/cell_run.h"

static const struct expected {
    const char *set, *bravais;
    double cell[6];
    size_t right, shots; /* own lattices */
    double off;          /* of an axis: the sets' headers are wrong on purpose */
    size_t needed;       /* shots from which on every order gives the cell */
} EXPECTED[] = {
    // clang-format off
    {"E", "mP", {58.2, 81.0, 58.9, 90, 92.4, 90},     20, 20, 0.001,  1},
    {"F", "oI", {94.0, 99.6, 102.9, 90, 90, 90},      14, 14, 0.001,  6},
    {"C", "hP", {92.7, 92.7, 128.9, 90, 90, 120},     16, 16, 0.001,  2},
    {"A", "tP", {79.1, 79.1, 38.1, 90, 90, 90},       28, 32, 0.003, 15},
    {"D", "oP", {52.4, 61.8, 89.3, 90, 90, 90},       14, 14, 0.001,  2},
    {"B", "oP", {61.3, 70.4, 85.9, 90, 90, 90},        9, 18, 0.001,  3},
    {"L", "oP", {214.6, 268.3, 311.2, 90, 90, 90},    10, 10, 0.0015, 3},
    // clang-format on
};

static bool full(void)
{
    return getenv("XFELX_TEST_FULL") != NULL;
}

static struct spot_lists lists;
static struct free_lattice own[LIST_FRAMES];

static bool look(const struct beam_vector *beam, const struct ray *ray, size_t n, struct free_lattice *out)
{
    struct free_params p;
    free_params_default(&p);
    void *work = still_memory(lattice_free_work_size(n));
    bool found = lattice_free_find(&p, beam, ray, n, out, work);
    free(work);
    return found;
}

/* Is it one of the shot's true lattices, within 0.3°? */
static bool is_true(const struct list_frame *f, const struct free_lattice *l)
{
    double A[9];
    if (!lattice_reciprocal(l->m, A))
        return false;
    for (size_t k = 0; k < f->n_true; k++) {
        double basis[9], T[9];
        if (lattice_reciprocal(f->A[k], basis) && lattice_primitive(lists.bravais[1], basis, basis, NULL) &&
            lattice_reciprocal(basis, T) && still_misset(A, T, 'P') < 0.3)
            return true;
    }
    return false;
}

static void is_the_cell(const struct expected *e, const struct run_cell *c)
{
    assert_string_equal(c->bravais, e->bravais);
    for (int i = 0; i < 3; i++) {
        assert_double_equal(c->cell[i] / e->cell[i], 1, e->off);
        assert_double_equal(c->cell[3 + i], e->cell[3 + i], 0.05);
    }
}

static bool decide(const struct free_lattice *l, size_t n, struct run_cell *out)
{
    struct cell_run_params p;
    cell_run_params_default(&p);
    void *work = still_memory(cell_run_work_size(n));
    bool found = cell_run(&p, l, n, out, work);
    free(work);
    return found;
}

/* Every order of so many accepted shots as are needed gives the symbol and the axes. */
static void needs_no_more_shots(const struct expected *e, uint64_t *seed)
{
    struct free_lattice few[LIST_FRAMES];
    for (int order = 0; order < (full() ? 50 : 10); order++) {
        struct run_cell c;
        size_t n = 0;
        for (size_t i = 0; i < lists.n; i++)
            if (own[i].accepted)
                few[n++] = own[i];
        for (size_t i = n - 1; i > 0; i--) {
            size_t j = (size_t)((double)(i + 1) * noise_uniform(seed));
            struct free_lattice t = few[i];
            few[i] = few[j];
            few[j] = t;
        }
        assert_true(e->needed <= n && decide(few, e->needed, &c));
        assert_string_equal(c.bravais, e->bravais);
    }
}

static void a_set_gives_its_cell_and_its_blanks_none(void **state)
{
    (void)state;
    uint64_t seed = 66;
    for (size_t s = 0; s < (full() ? sizeof EXPECTED / sizeof *EXPECTED : 1); s++) {
        const struct expected *e = &EXPECTED[s];
        struct run_cell c;
        size_t right = 0, shots = 0;
        spot_lists_read(e->set, &lists);
        for (size_t i = 0; i < lists.n; i++) {
            struct list_frame *f = &lists.frame[i];
            bool found = look(&f->beam, f->ray, f->n, &own[i]);
            shots += f->n_true > 0;
            right += found && is_true(f, &own[i]);
            assert_true(!found || is_true(f, &own[i])); /* no wrong lattice, none of a blank */
        }
        assert_int_equal(shots, e->shots);
        assert_true(right + 1 >= e->right);
        assert_true(decide(own, lists.n, &c));
        is_the_cell(e, &c);
        assert_true(c.p > 0.99 && c.n_members == right);
        print_message(
            "%s: own lattice %zu of %zu shots; %s %.2f %.2f %.2f %.2f, p %.4f, tau %.4f kappa %.4f\n", e->set,
            right, shots, c.bravais, c.cell[0], c.cell[1], c.cell[2], c.cell[4], c.p, c.tau, c.kappa);
        needs_no_more_shots(e, &seed);
        spot_lists_free(&lists);
    }
}

/* |q| of real spots, azimuths drawn anew: a list of no crystal. */
static void lists_of_no_crystal_are_refused(void **state)
{
    (void)state;
    static const size_t LENGTH[] = {12, 20, 40};
    uint64_t seed = 4;
    double highest = -99;
    size_t draws = full() ? 100 : 5;
    spot_lists_read("E", &lists);
    for (size_t k = 0; k < sizeof LENGTH / sizeof *LENGTH; k++)
        for (size_t draw = 0; draw < draws; draw++) {
            struct ray ray[64];
            struct free_lattice l;
            size_t n = 0;
            while (n < LENGTH[k]) {
                const struct list_frame *f = &lists.frame[(size_t)((double)lists.n * noise_uniform(&seed))];
                if (f->n < 5)
                    continue;
                struct ray *r = &ray[n++];
                *r = f->ray[(size_t)((double)f->n * noise_uniform(&seed))];
                double turn = 2 * 3.14159265358979323846 * noise_uniform(&seed), axis[3] = {0, 0, 1}, v[3];
                vec3_rotate(r->s1, axis, turn, v);
                vec3_copy(v, r->s1);
                vec3_rotate(r->q, axis, turn, v);
                vec3_copy(v, r->q);
            }
            assert_false(look(&lists.frame[0].beam, ray, n, &l));
            highest = fmax(highest, l.evidence);
        }
    print_message("%zu lists of no crystal: highest log10 evidence %.1f\n", 3 * draws, highest);
    assert_true(highest < -3);
    spot_lists_free(&lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_gives_its_cell_and_its_blanks_none),
        cmocka_unit_test(lists_of_no_crystal_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
