/* Every real frame of the collection, compressed or not, against what DIALS' library reads from it: each pixel (by SHA-256, whole
 * and per panel), geometry, wavelength, absorption, trusted range (reference_pixels.json). */
#include "support.h"

#include "source/format.h"

#include <math.h>
#include <string.h>

/* Where we differ on purpose. */
static const char barrel[] =
    "DLS_I23_P12M_thau_00001.cbf.gz"; /* trusted range of the header, not a million */
static const char simulated[] =
    "simtbx_FormatSMVJHSim_001.img.bz2"; /* DIALS_ORIGIN, one pixel from what dxtbx takes */
static const char header_only[] = "cspad_header_only_fel_test1.cbf";

static void assert_near(const char *what, double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s: %.15g, should be %.15g", what, got, want);
}

static void assert_vector(const char *what, const double got[3], const struct json *want)
{
    double v[3];
    assert_true(json_numbers(want, v, 3));
    for (int i = 0; i < 3; i++)
        assert_near(what, got[i], v[i], 1e-10);
}

static void assert_sha(const char *what, const int32_t *values, size_t n, const struct json *want)
{
    uint8_t hash[32];
    char hex[65];
    sha256(values, n * 4, hash);
    hash_hex(hash, 32, hex);
    if (strcmp(hex, json_text(want)) != 0)
        fail_msg("%s: pixels differ", what);
}

/* All pixels as int32, as the reference has them. */
static int32_t *widen(const struct frame *f)
{
    size_t n = f->detector->n_pixels;
    int32_t *out = malloc(n * 4);
    for (size_t i = 0; i < n; i++)
        out[i] = f->type == PIXEL_U16 ? ((const uint16_t *)f->pixels)[i] : ((const int32_t *)f->pixels)[i];
    return out;
}

static void check_pixels(const char *name, const struct frame *f, const struct json *want)
{
    int32_t *values = widen(f);
    const struct json *whole = json_get(want, "sha256_pixels_int32le"),
                      *panels = json_get(want, "sha256_panels");
    assert_int_equal(json_size(panels) ? json_size(panels) : 1, f->detector->n_panels);
    if (whole)
        assert_sha(name, values, f->detector->n_pixels, whole);
    for (size_t i = 0; i < json_size(panels); i++) {
        const struct panel *p = &f->detector->panels[i];
        assert_sha(name, values + p->first_pixel, (size_t)p->n_fast * (size_t)p->n_slow, json_at(panels, i));
    }
    free(values);
}

static void check_geometry(const char *name, const struct source *s, const struct json *want)
{
    const struct panel *p = &source_detector(s)->panels[0];
    const struct json *panel = json_get(want, "panel0"), *sensor = json_get(want, "sensor");
    double wavelength, mu, thickness, pixel[2], trusted[2], centre[2], fraction;
    assert_true(json_number(json_get(want, "wavelength_A"), &wavelength));
    assert_near(name, source_beam(s)->v.wavelength, wavelength, 1e-12);
    assert_true(json_number(json_get(want, "polarization_fraction"), &fraction));
    assert_near(name, source_beam(s)->polarization_fraction, fraction, 0);
    assert_vector(name, p->fast, json_get(panel, "fast"));
    assert_vector(name, p->slow, json_get(panel, "slow"));
    assert_true(json_numbers(json_get(want, "pixel_mm"), pixel, 2));
    assert_near(name, p->pixel_fast, pixel[0], 1e-12);
    assert_near(name, p->pixel_slow, pixel[1], 1e-12);
    assert_true(json_number(json_get(sensor, "mu_per_mm"), &mu));
    assert_near(name, p->mu, mu, 1e-6 * mu);
    assert_true(json_number(json_get(sensor, "thickness_mm"), &thickness));
    assert_near(name, p->thickness, thickness, 1e-12);
    if (strcmp(name, simulated) != 0) {
        assert_vector(name, p->origin, json_get(panel, "origin_mm"));
        if (json_numbers(json_get(want, "beam_centre_px"), centre, 2)) {
            double ray[3] = {-source_beam(s)->v.direction[0], -source_beam(s)->v.direction[1],
                             -source_beam(s)->v.direction[2]};
            double px[2];
            assert_true(panel_ray_to_pixel(p, ray, px));
            assert_near(name, px[0], centre[0], 1e-6);
            assert_near(name, px[1], centre[1], 1e-6);
        }
    }
    if (strcmp(name, barrel) != 0) {
        assert_true(json_numbers(json_get(want, "trusted_range"), trusted, 2));
        assert_near(name, p->trusted_lo, floor(trusted[0]) + 1, 0);
        assert_near(name, p->trusted_hi, ceil(trusted[1]) - 1, 0);
    }
}

static void every_real_frame_reads_as_in_dxtbx(void **state)
{
    (void)state;
    struct arena a = {0};
    struct bytes text = {0};
    struct error err = {0};
    char json[4096], path[4096];
    support_data("reference/reference_pixels.json", json);
    assert_true(fs_read(json, 1 << 20, &text, &err));
    struct json *all = json_parse((const char *)text.data, text.size, json, &err);
    assert_non_null(all);
    struct frame_buffer buffer = {0};
    size_t frames = 0;
    for (const struct json *one = json_first(all); one; one = json_next(one)) {
        const char *name = json_key(one);
        support_data(arena_printf(&a, "real/%s", name), path);
        struct source *s;
        struct frame f;
        if (strcmp(name, header_only) == 0)
            continue;
        if (!source_open(path, NULL, &s, &err) || !source_read(s, 0, &buffer, &f, &err))
            fail_msg("%s", err.fact);
        check_geometry(name, s, one);
        check_pixels(name, &f, one);
        assert_true((strcmp(name, barrel) == 0) == (f.unplaced != NULL));
        source_close(s);
        frames++;
    }
    assert_true(frames >= 15);
    frame_buffer_free(&buffer);
    json_free(all);
    bytes_free(&text);
    arena_free(&a);
}

/* The index order of its arrays is reversed: fast is the axis of lowest precedence. Values: imgcif_geometry.py. */
static void a_header_without_pixels_has_geometry_and_fails_to_read(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct source *s;
    struct frame f;
    struct frame_buffer buffer = {0};
    char path[4096];
    support_data("real/cspad_header_only_fel_test1.cbf", path);
    assert_true(source_open(path, NULL, &s, &err));
    const struct detector *d = source_detector(s);
    assert_int_equal(d->n_panels, 64);
    assert_int_equal(d->panels[37].n_fast, 185);
    assert_int_equal(d->panels[37].n_slow, 194);
    static const double origin[3] = {72.87082547133758, -40.69068671029483, -171.0104},
                        fast[3] = {-0.001975362362742178, 0.9999980489698647, 0},
                        slow[3] = {-0.9999980489698647, -0.001975362362742178, 0};
    for (int i = 0; i < 3; i++) {
        assert_near("origin", d->panels[37].origin[i], origin[i], 1e-10);
        assert_near("fast", d->panels[37].fast[i], fast[i], 1e-12);
        assert_near("slow", d->panels[37].slow[i], slow[i], 1e-12);
    }
    assert_false(source_read(s, 0, &buffer, &f, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    source_close(s);
    frame_buffer_free(&buffer);
    arena_free(&a);
}

/* A file cut at any place gives an error with a frame's reason, and never pixels. */
static void a_real_frame_cut_anywhere_fails_cleanly(void **state)
{
    (void)state;
    static const char *const names[] = {"idx-20130301060858801.cbf", "pilatus300k_phi_scan_001.cbf",
                                        "dlsnxs2cbf_therm_0001.cbf.gz",
                                        "TIMEPIX_SU_512-stdgoni_0001.img.bz2"};
    struct arena a = {0};
    struct frame_buffer buffer = {0};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct bytes file = {0};
        struct error err = {0};
        char path[4096];
        support_data(arena_printf(&a, "real/%s", names[n]), path);
        assert_true(fs_read(path, 1 << 26, &file, &err));
        for (size_t cut = 0; cut + 5000 < file.size; cut += 1 + (cut < 2000 ? 211 : file.size / 23)) {
            struct source *s = NULL;
            struct frame f;
            err = (struct error){0};
            bool ok = source_open_memory(file.data, cut, names[n], NULL, &s, &err) &&
                      source_read(s, 0, &buffer, &f, &err);
            if (ok || err.code < ERROR_UNREADABLE || err.code > ERROR_MASK || !err.fact[0])
                fail_msg("%s cut at %zu: %s", names[n], cut, ok ? "reads" : err.fact);
            if (s)
                source_close(s);
        }
        bytes_free(&file);
    }
    frame_buffer_free(&buffer);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_real_frame_reads_as_in_dxtbx),
        cmocka_unit_test(a_header_without_pixels_has_geometry_and_fails_to_read),
        cmocka_unit_test(a_real_frame_cut_anywhere_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
