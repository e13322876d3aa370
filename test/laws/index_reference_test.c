/* Real frames: the strong spots that DIALS found, the geometry as our readers give it, and DIALS' lattice to be met: the same
 * up to the symmetry of the lattice, as good a fit, the same spots to within a few. And real lists of another program.
 */
#include "support.h"

#include "source/source.h"
#include "unit/kernels/still.h"

#include "base/json.h"
#include "kernels/geometry.h"
#include "kernels/mosaic.h"
#include "kernels/refine.h"

static const struct reference {
    const char *name, *image, *geometry, *strong, *space_group;
    double cell[6];
    double misset, rmsd; /* degrees, px: at most */
} REFERENCE[] = {
    // clang-format off
    {"thermolysin_801", "idx-20130301060858801.cbf", NULL, "dispersion_71", "P 61 2 2", {93.4, 93.4, 131.1, 90, 90, 120}, 0.05, 0.42},
    {"thermolysin_601", "idx-20130301060858601.cbf", NULL, "dispersion_104", "P 61 2 2", {93.4, 93.4, 131.1, 90, 90, 120}, 0.1, 0.8},
    {"thaumatin_0003", "thau_3_2_0003.cbf.bz2", NULL, "dispersion_extended_1313", "P 41 21 2", {57.8, 57.8, 150, 90, 90, 90}, 0.15, 2},
    {"thaumatin_0009", "thau_3_2_0009.cbf.bz2", NULL, "dispersion_extended_1000", "P 41 21 2", {58.4, 58.4, 152, 90, 90, 90}, 0.3, 2},
    {"thaumatin_0014", "thau_3_2_0014.cbf.bz2", NULL, "dispersion_extended_354", "P 41 21 2", {58.4, 58.4, 152, 90, 90, 90}, 0.15, 2},
    {"thaumatin_0015", "thau_3_2_0015.cbf.bz2", NULL, "dispersion_extended_51", "P 41 21 2", {58.4, 58.4, 152, 90, 90, 90}, 0.15, 2},
    {"insulin_in01d", "in01d_s_2_00001.cbf.bz2", NULL, "dispersion_extended_372", "I 21 3", {78, 78, 78, 90, 90, 90}, 0.15, 2},
    {"rayonix_hit", "rayonix_hit-20181213155134902.cbf", "rayonix_experiments_000.json", "dispersion_extended_173", "P 21 21 21", {41.9, 75.7, 102, 90, 90, 90}, 0.05, 0.42},
    // clang-format on
};

struct frame_of_spots {
    struct beam beam;
    const struct detector *detector;
    struct spot *spot;
    size_t n;
};

/* Geometry through the reader, spots from the table "panel,x_px,y_px,intensity,npix,x0,x1,y0,y1". */
static void load(const struct reference *r, struct arena *arena, struct frame_of_spots *f)
{
    char path[4096], name[256];
    struct error err = {0};
    struct source *source;
    struct source_options options = {0};
    struct detector *moved = NULL;
    struct beam unused;
    if (r->geometry) {
        snprintf(name, sizeof name, "real/%s", r->geometry);
        assert_true(experiment_read_geometry(support_data(name, path), arena, &moved, &unused, &err));
        options.reference = moved;
    }
    snprintf(name, sizeof name, "real/%s", r->image);
    if (!source_open(support_data(name, path), &options, &source, &err))
        fail_msg("%s: %s", r->image, err.fact);
    f->beam = *source_beam(source);
    f->detector = detector_copy(arena, source_detector(source));
    source_close(source);

    snprintf(name, sizeof name, "reference/%s_strong_%s.csv.gz", r->name, r->strong);
    char *text = support_gunzip(name), *at = strchr(text, '\n');
    f->spot = arena_array(arena, 2000, sizeof *f->spot);
    for (f->n = 0; at && f->n < 2000; at = strchr(at + 1, '\n')) {
        struct spot *s = &f->spot[f->n];
        f->n += sscanf(at + 1, "%u,%lf,%lf,%lf,%u,%d,%d,%d,%d", &s->panel, &s->x, &s->y, &s->intensity,
                       &s->n_pixels, &s->x0, &s->x1, &s->y0, &s->y1) == 9;
        s->var_x = s->var_y = 0.1;
    }
    free(text);
}

struct answer {
    double A[9], half_mosaicity_deg, domain_size;
    double n_indexed, rmsd;
};

static struct answer load_answer(const struct reference *r)
{
    char path[4096], name[256], text[16384];
    struct answer a;
    struct error err = {0};
    snprintf(name, sizeof name, "reference/%s.json", r->name);
    FILE *f = fopen(support_data(name, path), "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    struct json *root = json_parse(text, n, name, &err);
    const struct json *lattice = json_at(json_get(root, "lattices"), 0);
    for (size_t i = 0; i < 3; i++)
        assert_true(json_numbers(json_at(json_get(lattice, "A_rows"), i), a.A + 3 * i, 3));
    assert_true(json_number(json_get(lattice, "n_indexed"), &a.n_indexed) &&
                json_number(json_get(lattice, "rmsd_r_px"), &a.rmsd) &&
                json_number(json_get(lattice, "half_mosaicity_deg"), &a.half_mosaicity_deg) &&
                json_number(json_get(lattice, "domain_size_A"), &a.domain_size));
    json_free(root);
    return a;
}

static void real_frames_index_with_the_lattice_of_the_reference(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof REFERENCE / sizeof *REFERENCE; k++) {
        const struct reference *r = &REFERENCE[k];
        struct arena arena = {0};
        struct frame_of_spots f;
        struct space_group group;
        struct error err = {0};
        int8_t rotations[192][9];
        load(r, &arena, &f);
        struct answer answer = load_answer(r);
        assert_true(space_group_find(r->space_group, &group, &err));
        for (size_t i = 0; i < group.n_ops; i++)
            memcpy(rotations[i], group.ops[i].r, sizeof rotations[i]);
        struct known_cell known = {.centring = group.centring,
                                   .rotations = (const int8_t(*)[9])rotations,
                                   .n_rotations = group.n_ops};
        memcpy(known.cell, r->cell, sizeof known.cell);

        struct index_cell *cell = index_cell_init(&known, still_memory(index_cell_size(&known)));
        assert_non_null(cell);
        const struct index_cell *cells[1] = {cell};
        struct ray *ray = arena_array(&arena, f.n, sizeof *ray);
        size_t n = spots_to_rays(f.detector->panels, f.detector->n_panels, &f.beam.v, f.spot, f.n, ray);
        assert_int_equal(n, f.n);
        struct index_params params;
        struct lattice lattice[1];
        struct index_found found = {.lattices = lattice,
                                    .capacity = 1,
                                    .owner = arena_array(&arena, n, sizeof *found.owner),
                                    .hkl = arena_array(&arena, n, sizeof *found.hkl)};
        void *work = still_memory(index_work_size(cells, 1, n));
        index_params_default(&params);
        if (index_frame(&params, cells, 1, &f.beam.v, ray, n, &found, work) != 1)
            fail_msg("%s: not indexed, evidence %.1f", r->name, found.best_evidence);

        struct refine_params refine;
        uint8_t *used = arena_alloc(&arena, n);
        void *refine_work = still_memory(refine_work_size(n));
        refine_params_default(&refine);
        enum refine_reason reason =
            refine_lattice(&refine, cell, f.detector->panels, &f.beam.v, ray, n, found.owner,
                           (const int32_t(*)[3])found.hkl, 0, lattice, used, refine_work);
        double misset = still_misset(lattice->A, answer.A, known.centring),
               rmsd = hypot(lattice->rmsd_x, lattice->rmsd_y);
        print_message("%s: reason %d, %.3f deg from the reference, %u of %zu spots (%.0f), rmsd %.2f px "
                      "(%.2f), half mosaicity %.3f "
                      "deg (%.3f), cell %.2f %.2f\n",
                      r->name, reason, misset, lattice->n_indexed, n, answer.n_indexed, rmsd, answer.rmsd,
                      lattice->half_mosaicity_deg, answer.half_mosaicity_deg, lattice->cell[0],
                      lattice->cell[2]);
        assert_int_equal(reason, REFINE_OK);
        assert_true(misset < r->misset);
        assert_true(rmsd <= r->rmsd);
        assert_true(lattice->n_indexed > 0.8 * answer.n_indexed);
        if (k == 0) { /* the cell of 801 within 0.4 % */
            assert_true(fabs(lattice->cell[0] / 93.39 - 1) < 0.004 &&
                        fabs(lattice->cell[2] / 131.03 - 1) < 0.004);
            assert_true(lattice->rmsd_x <= 0.3 && lattice->rmsd_y <= 0.3);
        }
        free(cell);
        free(work);
        free(refine_work);
        arena_free(&arena);
    }
}

/* DIALS' own Δψ give DIALS' own mosaicity and domain size. */
static void mosaicity_from_the_same_excursions_is_the_same(void **state)
{
    (void)state;
    static const struct {
        size_t reference;
        const char *table;
    } CASES[] = {{0, "thermolysin_801_indexed_40"}, {1, "thermolysin_601_indexed_34"},
                 {2, "thaumatin_0003_indexed_894"}, {3, "thaumatin_0009_indexed_575"},
                 {4, "thaumatin_0014_indexed_306"}, {6, "insulin_in01d_indexed_212"},
                 {7, "rayonix_hit_indexed_52"}};
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        static double d[1000], psi[1000], work[2000];
        struct answer a = load_answer(&REFERENCE[CASES[k].reference]);
        char name[256];
        size_t n = 0;
        snprintf(name, sizeof name, "reference/%s.csv.gz", CASES[k].table);
        char *text = support_gunzip(name);
        for (char *at = strchr(text, '\n'); at && n < 1000; at = strchr(at + 1, '\n')) {
            double h[3], q[3];
            if (sscanf(at + 1, "%lf,%lf,%lf,%*u,%*f,%*f,%*f,%*f,%lf", &h[0], &h[1], &h[2], &psi[n]) != 4)
                continue;
            mat3_vec(a.A, h, q);
            d[n] = 1 / vec3_length(q);
            psi[n++] *= 3.14159265358979 / 180;
        }
        free(text);
        double basis[9];
        struct mosaic m;
        lattice_reciprocal(a.A, basis);
        assert_true(mosaic_estimate(d, psi, n, 3 * cbrt(fabs(mat3_det(basis))), &m, work));
        assert_true(fabs(m.half_mosaicity_deg / a.half_mosaicity_deg - 1) < 2e-3);
        assert_true(fabs(m.domain_size / a.domain_size - 1) < 2e-3);
    }
}

/* Lysozyme shots as points of reciprocal space: the wavelength follows from q alone. */
static void real_lists_of_lysozyme_all_index(void **state)
{
    (void)state;
    static const char *FINDER[] = {"local", "peakfinder8", "radial"};
    static struct ray ray[1000];
    static int32_t owner[1000], hkl[1000][3];
    struct known_cell known = {.cell = {36.9, 78.95, 78.95, 90, 90, 90}, .centring = 'P'};
    struct index_cell *cell = index_cell_init(&known, still_memory(index_cell_size(&known)));
    const struct index_cell *cells[1] = {cell};
    void *work = still_memory(index_work_size(cells, 1, 1000));
    int indexed = 0;
    for (int file = 0; file < 30; file++) {
        char path[4096], name[64];
        snprintf(name, sizeof name, "spots/ffbidx/image%d_%s.txt", file / 3, FINDER[file % 3]);
        FILE *f = fopen(support_data(name, path), "r");
        assert_non_null(f);
        double q[3], sum = 0;
        size_t n = 0;
        assert_int_equal(fscanf(f, "%*f %*f %*f %*f %*f %*f %*f %*f %*f"), 0);
        memset(ray, 0, sizeof ray);
        for (; n < 1000 && fscanf(f, "%lf %lf %lf", &q[0], &q[1], &q[2]) == 3; n++) {
            memcpy(ray[n].q, q, sizeof q);
            sum += -2 * q[2] / vec3_dot(q, q); /* a point on the sphere: |q|² λ = -2 qz */
        }
        fclose(f);
        struct beam_vector beam = {fabs(sum / (double)n), {0, 0, sum < 0 ? 1 : -1}};
        for (size_t i = 0; i < n; i++) {
            for (int k = 0; k < 3; k++)
                ray[i].s1[k] = ray[i].unit[k] = ray[i].q[k] * beam.wavelength - beam.direction[k];
            vec3_norm(ray[i].s1, ray[i].s1);
            vec3_norm(ray[i].unit, ray[i].unit);
            ray[i].per_px = 0.0016;
            ray[i].intensity = 1000 - (double)i;
        }
        struct lattice lattice;
        struct index_params params;
        struct index_found found = {.lattices = &lattice, .capacity = 1, .owner = owner, .hkl = hkl};
        index_params_default(&params);
        params.geometry_trusted = true;
        if (index_frame(&params, cells, 1, &beam, ray, n, &found, work) == 0)
            continue;
        indexed +=
            found.best_evidence > 50 && 2 * lattice.n_indexed > n && fabs(lattice.cell[0] - 36.9) < 0.4;
    }
    free(cell);
    free(work);
    assert_int_equal(indexed, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_frames_index_with_the_lattice_of_the_reference),
        cmocka_unit_test(mosaicity_from_the_same_excursions_is_the_same),
        cmocka_unit_test(real_lists_of_lysozyme_all_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
