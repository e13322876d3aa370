/* stages_crystal_test.c - from a hit to reflections. */
#include "one_frame.h"

static void spots_on_a_square_grid_are_no_lattice(void **state)
{
    (void)state;
    char *path = path_of("grid_001.img");
    frame_with_spots(path, 30);
    set("unit_cell=83,47,61,90,104,90");
    set("known_symmetry.space_group=P21");
    struct result r = process(path);
    assert_int_equal(r.outcome, OUTCOME_HIT_NOT_INDEXED);
    assert_int_equal(r.reason, REASON_NO_LATTICE);
}

/* thermolysin 801 with the parameters of its reference. */
static struct result process_thermolysin(void)
{
    static char path[4096];
    support_data("real/idx-20130301060858801.cbf", path);
    set("spotfinder.threshold.algorithm=dispersion");
    set("spotfinder.threshold.dispersion.gain=25");
    set("spotfinder.threshold.dispersion.global_threshold=100");
    set("spotfinder.filter.min_spot_size=2");
    set("indexing.known_symmetry.space_group=P6122");
    return process(path);
}

/* DIALS: 40 indexed, 136 integrated, cell 93.39 131.03. */
static void a_real_frame_is_indexed_and_integrated(void **state)
{
    (void)state;
    set("indexing.known_symmetry.unit_cell=93.4,93.4,131.1,90,90,120");
    struct result r = process_thermolysin();
    assert_int_equal(r.flags & ~(uint32_t)FRAME_SOLVENT, 0);
    assert_int_equal(r.outcome, OUTCOME_INTEGRATED);
    assert_int_equal(r.n_strong, 71);
    assert_int_equal(r.n_lattices, 1);
    assert_double_equal(r.lattices[0].cell[0], 93.39, 0.004 * 93.39);
    assert_double_equal(r.lattices[0].cell[2], 131.03, 0.004 * 131.03);
    assert_true(r.lattices[0].rmsd_x <= 0.3 && r.lattices[0].rmsd_y <= 0.3);
    assert_in_range(r.n_integrated, 130,
                    500); /* those of DIALS and, further from the sphere, as many again */
    for (size_t i = 0; i < r.n_integrated; i++)
        assert_true(r.integrated[i].variance > 0);
}

/* What is doubtful of a lattice is said of its frame, but only while the lattice stays. */
static void a_frame_says_what_its_lattices_say(void **state)
{
    (void)state;
    set("indexing.known_symmetry.unit_cell=94.7,94.7,131.1,90,90,120"); /* 1.4 % longer than it is */
    struct result r = process_thermolysin();
    assert_int_equal(r.n_lattices, 1);
    assert_double_equal(r.lattices[0].free_cell[0], 93.4, 0.5);
    assert_int_equal(r.lattices[0].flags, LATTICE_CELL_OUTLIER);
    assert_int_equal(r.flags & ~(uint32_t)FRAME_SOLVENT, FRAME_CELL_OUTLIER);
    workspace_free(workspace);
    source_list_close(&list);
    set("indexing.stills.rmsd_min_px=0.01");
    r = process_thermolysin();
    assert_int_equal(r.reason, REASON_RMSD);
    assert_int_equal(r.n_lattices, 0);
    assert_int_equal(r.flags & ~(uint32_t)FRAME_SOLVENT, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(spots_on_a_square_grid_are_no_lattice),
        CASE(a_real_frame_is_indexed_and_integrated),
        CASE(a_frame_says_what_its_lattices_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
