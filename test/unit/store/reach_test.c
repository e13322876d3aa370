/* reach_test.c - what lattices brought by resolution, from their rows. */
#include "open_job.h"

#include <math.h>
#include <string.h>

enum { FRAMES = 40 };
static uint8_t shells[1][RESULT_SHELLS];

/* Frame i has one lattice; the first shell has 300 + i reflections, the last 7. */
static void put_lattices(void)
{
    static struct result r[FRAMES];
    static struct lattice l[FRAMES];
    static uint8_t packed[FRAMES][1][RESULT_SHELLS];
    const struct result *p[FRAMES];
    struct error err = {0};
    for (uint32_t i = 0; i < FRAMES; i++) {
        l[i] = (struct lattice){.A = {0.01, 0, 0, 0, 0.01, 0, 0, 0, 0.02},
                                .cell = {100, 100, 50, 90, 90, 90},
                                .free_cell = {100, 100, 50, 90, 90, 90},
                                .res_a = 2.5,
                                .n_integrated = 307 + i};
        memcpy(packed[i], shells, sizeof shells);
        packed[i][0][0] = (uint8_t)((300 + i) >> 8);
        packed[i][0][1] = (uint8_t)(300 + i);
        packed[i][0][11 * 9 + 1] = 7;
        r[i] = (struct result){.id = {.frame = i, .path = source.path},
                               .outcome = OUTCOME_INTEGRATED,
                               .beam = {.v = {.wavelength = 1.3}},
                               .lattices = l + i,
                               .n_lattices = 1,
                               .shells = (const uint8_t(*)[RESULT_SHELLS])packed[i],
                               .shell_d = 2,
                               .t_done = 1 + (int64_t)i};
        p[i] = r + i;
    }
    const struct store_batch batch = {.attempt = job.attempt, .results = p, .n = FRAMES};
    assert_true(store_put_results(store, &job, &batch, 1, "hash", &err));
    assert_true(store_write_rolls(store, true, &err));
}

static void a_bounded_sample_says_what_lattices_brought(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_reach *rows, *again;
    size_t n, n_again;
    const int64_t jobs[] = {job.job, 77};
    put_lattices();
    assert_true(store_read_reach(store, jobs, 2, 15, &a, &rows, &n, &err));
    assert_int_equal(n, 15);
    for (size_t i = 0; i < n; i++) {
        assert_in_range(rows[i].counts[0], 300, 300 + FRAMES - 1);
        assert_int_equal(rows[i].counts[9], 7);
        assert_double_equal(rows[i].shell_d, 2, 1e-6);
        assert_double_equal(rows[i].cell[2], 50, 1e-6);
        assert_double_equal(rows[i].res_a, 2.5, 1e-6);
        assert_double_equal((double)rows[i].dir[2][2], 1, 1e-3);
    }
    assert_true(store_read_reach(store, jobs, 1, 1000, &a, &again, &n_again, &err));
    assert_int_equal(n_again, FRAMES);
    for (size_t i = 0; i < n; i++) /* the first of them are the same */
        assert_int_equal(again[i].counts[0], rows[i].counts[0]);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_bounded_sample_says_what_lattices_brought, open_job, close_job)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
