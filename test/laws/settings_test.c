/* The law of near-equal axes (SCIENCE 7.4, ALGORITHMS_LATTICE 7): of two settings that are no symmetry of each other the right one is
 * written wherever the metric knows it, and where it does not know, that is said. Crystals breathe as real ones do: all axes together
 * by 0.1 %, each by 0.03 %; a tenth of the spots belongs to nothing.
 */
#include "support.h"

#include "unit/kernels/still.h"

static const struct law {
    double apart; /* a and c, relative */
    size_t spots;
    bool known_scatter;      /* the run's own prior, else the one to start with */
    double right, undecided; /* shares: at least, at most */
} LAW[] = {
    {0.012, 10, false, 1, 0},      {0.006, 40, false, 1, 0.05}, {0.003, 40, false, 0.95, 1},
    {0.012, 10, true, 1, 0},       {0.003, 40, true, 1, 0.05},  {0.003, 20, true, 0.95, 0.1},
    {0.0015, 40, true, 0.85, 0.5},
};

/* Turn between the found lattice and the true one as its twofold axis leaves it, radians: of any other setting it is large. */
static double turn_in_setting(const double found[9], const double A[9])
{
    double least = 9;
    for (int k = 0; k < 2; k++) {
        double image[9], basis[9], inverse[9], t[9], u[9];
        for (int i = 0; i < 9; i++)
            image[i] = k && i % 3 != 1 ? -A[i] : A[i];
        lattice_reciprocal(image, basis);
        for (int i = 0; i < 9; i++)
            inverse[i] = basis[i % 3 * 3 + i / 3];
        mat3_mul(found, inverse, t);
        if (lattice_nearest_rotation(t, u))
            least = fmin(least, lattice_rotation_angle(u));
    }
    return least;
}

static void make_crystal(struct still *s, uint64_t *seed, const struct law *law, const double cell[6],
                         double A[9])
{
    double breath = 0.001 * noise_normal(seed), own[6], u[9];
    memcpy(own, cell, sizeof own);
    for (int i = 0; i < 3; i++)
        own[i] *= 1 + breath + 0.0003 * noise_normal(seed);
    own[4] += 0.017 * noise_normal(seed);
    still_empty(s);
    still_rotation(seed, u);
    still_orient(own, u, A);
    still_add_lattice(s, seed, A, 'P', law->spots, 0.4);
    still_add_noise(s, seed, law->spots / 10);
}

static void the_setting_is_right_or_said_to_be_undecided(void **state)
{
    (void)state;
    static const int8_t TWO[1][9] = {{-1, 0, 0, 0, 1, 0, 0, 0, -1}};
    int shots = getenv("XFELX_TEST_FULL") ? 1000 : 40;
    for (size_t k = 0; k < sizeof LAW / sizeof *LAW; k++) {
        const struct law *law = &LAW[k];
        struct known_cell known = {.cell = {58.2, 81, 58.2 * (1 + law->apart), 90, 92.4, 90},
                                   .centring = 'P',
                                   .rotations = TWO,
                                   .n_rotations = 1};
        struct still_indexer *x = still_indexer(&known);
        uint64_t seed = 191 + k;
        int right = 0, undecided = 0, wrong_and_sure = 0;
        x->params.geometry_trusted = true;
        if (law->known_scatter) {
            x->params.cell_sigma = 0.0003;
            x->params.cell_common = 0.001;
        }
        for (int shot = 0; shot < shots; shot++) {
            struct still s;
            double A[9];
            make_crystal(&s, &seed, law, known.cell, A);
            assert_int_equal(still_index(x, &s), 1);
            bool good = turn_in_setting(x->lattice[0].A, A) < 0.02;
            bool unsure = x->lattice[0].flags & LATTICE_SETTING_UNDECIDED;
            right += good;
            undecided += unsure;
            wrong_and_sure += !good && !unsure;
        }
        print_message(
            "axes %.2f %% apart, %zu spots, %s prior: %d of %d right, %d undecided, %d wrong and sure\n",
            100 * law->apart, law->spots, law->known_scatter ? "run's" : "first", right, shots, undecided,
            wrong_and_sure);
        assert_true(right >= law->right * shots && undecided <= law->undecided * shots);
        assert_true(wrong_and_sure <= 0.02 * shots + 1);
        still_indexer_free(x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_setting_is_right_or_said_to_be_undecided)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
