/* stream_test.c - CrystFEL streams: read again by a small parser of the test's own, by the rules of FORMATS 4; the geometry by our
 * reader of .geom files. */
#include "fixture.h"

#include "sink/sink.h"
#include "sink/stream.h"
#include "source/source.h"

#include <math.h>

static char *content(const char *name)
{
    struct bytes b = {0};
    struct error err = {0};
    if (!fs_read(fs_join(&memory, folder, name), 1 << 24, &b, &err))
        fail_msg("%s", err.fact);
    char *text = arena_strndup(&memory, (char *)b.data, b.size);
    bytes_free(&b);
    return text;
}

static const double cell[6] = {50, 40, 100, 90, 90, 90};
static const struct sink_source sources[] = {{"/data/run_0.h5", 0, 8}, {"/data/run_1.h5", 8, 2}};

static struct sink_options options(void)
{
    return (struct sink_options){.folder = folder,
                                 .composite = true,
                                 .sources = sources,
                                 .n_sources = 2,
                                 .stream = "%s.stream",
                                 .cell = cell,
                                 .space_group_hall = " P 2ac 2ab",
                                 .recipe_hash = "3d27",
                                 .program = "xfelx|0.1.0"};
}

static void write_all(const struct sink_options *o, const struct result *results, size_t n)
{
    struct sink *s;
    struct error err = {0};
    if (!sink_open(o, &s, &err))
        fail_msg("%s", err.fact);
    for (size_t i = 0; i < n; i++)
        if (!sink_put(s, &results[i], &err))
            fail_msg("%s", err.fact);
    if (!sink_publish(s, &err))
        fail_msg("%s", err.fact);
    sink_close(s);
}

/* ---- the parser: what a reader of streams needs, each demanded where it must be */

struct read_chunk {
    char file[256], event[64];
    int serial, hit, n_peaks, n_crystals, n_rows;
    double energy, peak[4], star[9], row[8];
    int hkl[3];
    char panel[64], lattice_type[32], centering, unique_axis;
};

static char *line_of(char **text)
{
    char *line = *text, *end = strchr(line, '\n');
    assert_non_null(end);
    *end = 0;
    *text = end + 1;
    assert_true(strlen(line) <= 1022);
    return line;
}

static void read_crystal(char **text, struct read_chunk *c)
{
    char *line, system[32];
    int claimed = -1, n = 0, symmetry = 0;
    c->n_crystals++;
    while (strcmp(line = line_of(text), "--- End crystal") != 0) {
        char axis;
        double v[3];
        if (sscanf(line, "%cstar = %lf %lf %lf nm^-1", &axis, &v[0], &v[1], &v[2]) == 4)
            memcpy(c->star + 3 * (axis - 'a'), v, sizeof v);
        symmetry += sscanf(line, "lattice_type = %31s", system) == 1 && strcpy(c->lattice_type, system);
        symmetry += sscanf(line, "centering = %c", &c->centering) == 1;
        symmetry += sscanf(line, "unique_axis = %c", &c->unique_axis) == 1;
        sscanf(line, "num_reflections = %d", &claimed);
        if (!strcmp(line, "No integrated reflections."))
            claimed = claimed == 0 ? n : -1;
        if (strcmp(line, "Reflections measured after indexing") != 0)
            continue;
        line_of(text);
        for (; strcmp(line = line_of(text), "End of reflections") != 0; n++)
            assert_int_equal(sscanf(line, "%d %d %d %lf %lf %lf %lf %lf %lf %63s", c->hkl, c->hkl + 1,
                                    c->hkl + 2, c->row, c->row + 1, c->row + 2, c->row + 3, c->row + 4,
                                    c->row + 5, c->panel),
                             10);
    }
    assert_int_equal(claimed, n);
    assert_int_equal(symmetry, 3);
    c->n_rows += n;
}

static void read_chunk(char **text, struct read_chunk *c)
{
    char *line;
    int claimed = -1;
    *c = (struct read_chunk){.serial = -1};
    while (strcmp(line = line_of(text), "----- End chunk -----") != 0) {
        sscanf(line, "Image filename: %255[^\n]", c->file);
        sscanf(line, "Event: %63s", c->event);
        sscanf(line, "Image serial number: %d", &c->serial);
        sscanf(line, "hit = %d", &c->hit);
        sscanf(line, "photon_energy_eV = %lf", &c->energy);
        sscanf(line, "num_peaks = %d", &claimed);
        if (!strcmp(line, "--- Begin crystal"))
            read_crystal(text, c);
        if (strcmp(line, "Peaks from peak search") != 0)
            continue;
        line_of(text);
        for (; strcmp(line = line_of(text), "End of peak list") != 0; c->n_peaks++)
            assert_int_equal(sscanf(line, "%lf %lf %lf %lf %63s", c->peak, c->peak + 1, c->peak + 2,
                                    c->peak + 3, c->panel),
                             5);
    }
    assert_int_equal(claimed, c->n_peaks);
    assert_true(*c->file && *c->event && c->energy > 0 && c->serial > 0);
}

/* The chunks of a stream; *geometry: the .geom text in it. */
static size_t read_stream(char *text, struct read_chunk *chunks, char **geometry)
{
    char *line = line_of(&text), *start;
    size_t n = 0;
    assert_string_equal(line, "CrystFEL stream format 2.3");
    start = text;
    while (strcmp(line_of(&text), "----- Begin geometry file -----") != 0)
        ;
    assert_true(text - start < 4090);
    *geometry = text;
    while (strcmp(line = line_of(&text), "----- End geometry file -----") != 0)
        line[strlen(line)] = '\n';
    *line = 0;
    while (*text)
        if (!strcmp(line_of(&text), "----- Begin chunk -----"))
            read_chunk(&text, &chunks[n++]);
    return n;
}

/* ---- tests */

static void hits_and_blanks_are_chunks_in_the_order_of_the_frames(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    const struct result results[] = {frames_result(&memory, 1, 1, 2, d), frames_result(&memory, 0, 5, 0, d),
                                     frames_result(&memory, 0, 2, 1, d)};
    struct sink_options o = options();
    struct read_chunk c[4];
    char *geometry;
    write_all(&o, results, 3);
    assert_int_equal(read_stream(content("idx-0000.stream"), c, &geometry), 3);
    assert_string_equal(c[0].file, "/data/run_0.h5");
    assert_string_equal(c[0].event, "//2");
    assert_string_equal(c[1].event, "//5");
    assert_string_equal(c[2].file, "/data/run_1.h5");
    assert_true(c[0].serial == 3 && c[1].serial == 6 && c[2].serial == 10);
    assert_true(c[0].hit == 1 && c[1].hit == 0 && c[2].hit == 1);
    assert_true(c[0].n_crystals == 1 && c[1].n_crystals == 0 && c[2].n_crystals == 2);
    assert_true(c[0].n_rows == 2 && c[1].n_rows == 0 && c[2].n_rows == 4);
    assert_double_equal(c[0].energy, EV_ANGSTROM / 1.302, 1e-5);
}

static void numbers_are_in_the_frame_and_the_units_of_crystfel(void **state)
{
    (void)state;
    struct detector *d = frames_detector(&memory, 100);
    d->info[1].raw_offset[1] = 50;
    struct result r = frames_result(&memory, 0, 0, 1, d);
    struct lattice *l = arena_memdup(&memory, r.lattices, sizeof *l);
    static const double A[9] = {0.02, 0.001, 0.003, 0.002, 0.025, 0.004, 0.005, 0.006, 0.01};
    memcpy(l->A, A, sizeof A);
    r.lattices = l;
    struct sink_options o = options();
    struct read_chunk c[1];
    char *geometry;
    write_all(&o, &r, 1);
    assert_int_equal(read_stream(content("idx-0000.stream"), c, &geometry), 1);
    for (int k = 0; k < 3; k++) {
        assert_double_equal(c->star[3 * k], -10 * A[k], 1e-7);
        assert_double_equal(c->star[3 * k + 1], 10 * A[3 + k], 1e-7);
        assert_double_equal(c->star[3 * k + 2], -10 * A[6 + k], 1e-7);
    }
    assert_double_equal(c->row[0], 16, 0.01);
    assert_double_equal(c->row[1], sqrt(17), 0.01);
    assert_double_equal(c->row[2], 9, 0.01);
    assert_double_equal(c->row[3], 1, 0.01);
    assert_double_equal(c->row[4], 11, 0.05);
    assert_double_equal(c->row[5], 70.5, 0.05);
    assert_double_equal(c->peak[0], 11.0625, 0.005);
    assert_double_equal(c->peak[1], 70.5, 0.005);
    double px[2] = {11.0625, 20.5};
    assert_double_equal(c->peak[2], 10 / panel_resolution(&d->panels[1], &r.beam.v, px), 0.005);
    assert_string_equal(c->panel, "p1");
    assert_string_equal(c->lattice_type, "orthorhombic");
    assert_true(c->centering == 'P' && c->unique_axis == '*');
}

static void fits_take_the_place_of_sums_when_asked_for(void **state)
{
    (void)state;
    struct result r = frames_result(&memory, 0, 0, 1, frames_detector(&memory, 100));
    struct reflection *rows = arena_memdup(&memory, r.integrated, r.n_integrated * sizeof *rows);
    for (size_t i = 0; i < r.n_integrated; i++)
        rows[i].prf = 12.5, rows[i].prf_variance = 4;
    r.integrated = rows;
    struct sink_options o = options();
    struct read_chunk c[1];
    char *geometry;
    o.fitted = true;
    write_all(&o, &r, 1);
    assert_int_equal(read_stream(content("idx-0000.stream"), c, &geometry), 1);
    assert_double_equal(c->row[0], 12.5, 0.01);
    assert_double_equal(c->row[1], 2, 0.01);
}

static void the_geometry_reads_back_to_the_same_panels(void **state)
{
    (void)state;
    struct detector *d = frames_detector(&memory, 100), *back;
    struct error err = {0};
    double tilted[3] = {0.6, 0, 0.8};
    d->info[1].raw_offset[1] = 50;
    memcpy(d->nodes[3].fast, tilted, sizeof tilted);
    assert_true(detector_finish(d, "tilted", &err));
    struct result r = frames_result(&memory, 0, 0, 0, d);
    struct sink_options o = options();
    struct read_chunk c[1];
    char *geometry;
    write_all(&o, &r, 1);
    read_stream(content("idx-0000.stream"), c, &geometry);
    char *path = fs_join(&memory, folder, "back.geom");
    assert_true(fs_write_atomic(path, geometry, strlen(geometry), &err));
    const uint8_t *mask;
    if (!source_geometry_read(path, 0, &memory, &back, &mask, &err))
        fail_msg("%s", err.fact);
    assert_int_equal(back->n_panels, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct panel *p = &d->panels[i], *q = &back->panels[i];
        for (int k = 0; k < 3; k++) {
            assert_double_equal(p->origin[k], q->origin[k], 1e-5);
            assert_double_equal(p->fast[k], q->fast[k], 1e-8);
            assert_double_equal(p->slow[k], q->slow[k], 1e-8);
        }
        assert_double_equal(p->pixel_fast, q->pixel_fast, 1e-9);
        assert_int_equal(p->n_fast, q->n_fast);
        assert_int_equal(p->n_slow, q->n_slow);
        assert_memory_equal(d->info[i].raw_offset, back->info[i].raw_offset, 8);
    }
}

static void panels_that_share_a_place_are_layers_and_hard_names_are_replaced(void **state)
{
    (void)state;
    struct detector *d = frames_detector(&memory, 100);
    struct stream_panels panels;
    struct beam beam = {.v = {1, {0, 0, 1}}};
    struct str text = {0};
    struct error err = {0};
    d->info[0].name = "/entry/instrument/detector/module0";
    stream_panels(d, &memory, &panels);
    assert_true(panels.stacked);
    assert_string_equal(panels.names[0], "p0");
    assert_string_equal(panels.names[1], "p1");
    assert_true(stream_geometry(d, &panels, &beam, false, &text, &err));
    assert_non_null(strstr(text.text, "p1/dim0 = %\np1/dim1 = 1\np1/dim2 = ss\np1/dim3 = fs\n"));
    d->info[0].name = "badger"; /* would be a bad region */
    d->info[1].name = "q1";
    d->info[1].raw_offset[0] = 100;
    stream_panels(d, &memory, &panels);
    assert_false(panels.stacked);
    assert_string_equal(panels.names[1], "p1");
    str_free(&text);
}

static void crystal_systems_are_named_as_crystfel_names_them(void **state)
{
    (void)state;
    static const struct {
        const char *group, *type;
        char centering, axis;
    } rows[] = {{"P1", "triclinic", 'P', '*'},        {"P 1 21 1", "monoclinic", 'P', 'b'},
                {"P 1 1 21", "monoclinic", 'P', 'c'}, {"C 1 2 1", "monoclinic", 'C', 'b'},
                {"P 1 c 1", "monoclinic", 'P', 'b'},  {"P212121", "orthorhombic", 'P', '*'},
                {"I4", "tetragonal", 'I', 'c'},       {"P6122", "hexagonal", 'P', 'c'},
                {"P3121", "hexagonal", 'P', 'c'},     {"R 3 :H", "hexagonal", 'H', 'c'},
                {"R 3 :R", "rhombohedral", 'R', '*'}, {"F432", "cubic", 'F', '*'}};
    struct error err = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct space_group g;
        struct stream_symmetry s;
        if (!space_group_find(rows[i].group, &g, &err) || !stream_symmetry(g.hall, &s, &err))
            fail_msg("%s: %s", rows[i].group, err.fact);
        if (strcmp(s.lattice_type, rows[i].type) != 0 || s.centering != rows[i].centering ||
            s.unique_axis != rows[i].axis)
            fail_msg("%s is %s %c %c", rows[i].group, s.lattice_type, s.centering, s.unique_axis);
    }
}

static void frames_of_another_geometry_go_to_a_stream_of_their_own(void **state)
{
    (void)state;
    const struct detector *near = frames_detector(&memory, 100), *far = frames_detector(&memory, 120);
    const struct result results[] = {frames_result(&memory, 0, 0, 1, near),
                                     frames_result(&memory, 0, 1, 0, far),
                                     frames_result(&memory, 0, 2, 0, near)};
    struct sink_options o = options();
    struct read_chunk c[4];
    char *geometry;
    o.rank = 3;
    write_all(&o, results, 3);
    assert_int_equal(read_stream(content("idx-0003.stream"), c, &geometry), 2);
    assert_non_null(strstr(geometry, "clen = 0.100000000\n"));
    assert_int_equal(read_stream(content("idx-0003_geometry2.stream"), c, &geometry), 1);
    assert_non_null(strstr(geometry, "clen = 0.120000000\n"));
    assert_int_equal(c[0].serial, 2);
}

static void a_lattice_without_reflections_is_a_crystal_that_says_so(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct result r = frames_result(&memory, 0, 0, 2, d);
    struct sink_options o = options();
    struct read_chunk c[1];
    char *geometry;
    r.integrated += 2; /* those of the second lattice */
    r.n_integrated = 2;
    write_all(&o, &r, 1);
    char *text = content("idx-0000.stream");
    assert_non_null(strstr(text, "num_reflections = 0\n"));
    read_stream(text, c, &geometry);
    assert_true(c->n_crystals == 2 && c->n_rows == 2);
}

static void a_path_that_would_break_the_lines_is_refused(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct sink_options o = options();
    struct error err = {0};
    struct sink *s;
    assert_true(sink_open(&o, &s, &err));
    struct result r = frames_result(&memory, 0, 0, 0, d);
    r.id.path = "/data/a\n----- End chunk -----.h5";
    assert_false(sink_put(s, &r, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    char *path = arena_alloc(&memory, 1200);
    memset(path, 'x', 1100);
    path[0] = '/';
    r.id.path = path;
    assert_false(sink_put(s, &r, &err));
    sink_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hits_and_blanks_are_chunks_in_the_order_of_the_frames, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(numbers_are_in_the_frame_and_the_units_of_crystfel, setup, teardown),
        cmocka_unit_test_setup_teardown(fits_take_the_place_of_sums_when_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(the_geometry_reads_back_to_the_same_panels, setup, teardown),
        cmocka_unit_test_setup_teardown(panels_that_share_a_place_are_layers_and_hard_names_are_replaced,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(crystal_systems_are_named_as_crystfel_names_them, setup, teardown),
        cmocka_unit_test_setup_teardown(frames_of_another_geometry_go_to_a_stream_of_their_own, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_lattice_without_reflections_is_a_crystal_that_says_so, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_path_that_would_break_the_lines_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
