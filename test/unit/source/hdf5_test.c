/* HDF5 sources as people meet them: every filter case and every broken file, NXmx with many modules, masters without
 * their data, files that change under our hands. */
#include "source/hdf5.h"

#include "made_h5.h"
#include "support.h"

#include <string.h>

enum { WIDE = 131, HIGH = 129 };

static struct arena arena;

/* One panel for images that have no geometry of their own. */
static struct detector *flat(int32_t n_fast, int32_t n_slow)
{
    struct detector *d = detector_make(&arena, 1, 0);
    d->panels[0] = (struct panel){.origin = {0, 0, -100},
                                  .fast = {1, 0, 0},
                                  .slow = {0, -1, 0},
                                  .pixel_fast = 0.1,
                                  .pixel_slow = 0.1,
                                  .n_fast = n_fast,
                                  .n_slow = n_slow,
                                  .gain = 1};
    assert_true(detector_finish(d, "test", NULL));
    return d;
}

static struct source *open_good(const char *path, const struct source_options *o)
{
    struct source *s = NULL;
    struct error err = {0};
    if (!source_open(path, o, &s, &err))
        fail_msg("%s (%s)", err.fact, err.detail);
    return s;
}

/* SHA-256 of all frames that can be read; *n_good of them; the code of the first failure in *code. */
static void hash_frames(const struct source *s, char hex[65], uint32_t *n_good, enum error_code *code)
{
    struct frame_buffer b = {0};
    struct sha256 h;
    uint8_t sum[32];
    sha256_start(&h);
    *n_good = 0;
    *code = ERROR_NONE;
    for (uint32_t i = 0; i < source_frames(s); i++) {
        struct frame f;
        struct error err = {0};
        if (!source_read(s, i, &b, &f, &err)) {
            assert_non_null(strstr(err.fact, source_path(s)));
            *code = *code ? *code : err.code;
            continue;
        }
        sha256_add(&h, f.pixels, f.detector->n_pixels * pixel_bytes(f.type));
        ++*n_good;
    }
    sha256_end(&h, sum);
    hash_hex(sum, 32, hex);
    frame_buffer_free(&b);
}

/* ---- shared/data/filters ---- */

struct expected {
    struct json *root;
    struct bytes text;
};

static const struct json *expect(struct expected *e)
{
    char path[4096];
    struct error err = {0};
    assert_true(fs_read(support_data("filters/expected.json", path), 1 << 20, &e->text, &err));
    e->root = json_parse((const char *)e->text.data, e->text.size, path, &err);
    assert_non_null(e->root);
    return json_get(e->root, "files");
}

static void every_good_filter_file_gives_the_expected_pixels(void **state)
{
    (void)state;
    struct expected e = {0};
    size_t n = 0;
    for (const struct json *file = json_first(expect(&e)); file; file = json_next(file)) {
        const char *name = json_key(file), *want = json_text(json_get(file, "sha256"));
        double shape[3], bad = (double)json_size(json_get(file, "frames_with_error"));
        if (!want || bad > 0 || strcmp(name, "plain_uint16_bigendian.h5") == 0)
            continue;
        assert_true(json_numbers(json_get(file, "shape"), shape, 3));
        char path[4096], relative[256], hex[65];
        snprintf(relative, sizeof relative, "filters/%s", name);
        struct source_options o = {.wavelength = 1, .reference = flat((int32_t)shape[2], (int32_t)shape[1])};
        struct source *s = open_good(support_data(relative, path), &o);
        uint32_t good;
        enum error_code code;
        hash_frames(s, hex, &good, &code);
        assert_string_equal(hex, want);
        assert_int_equal(good, (int)shape[0]);
        source_close(s);
        n++;
    }
    assert_true(n >= 28);
    json_free(e.root);
    bytes_free(&e.text);
}

static void big_endian_pixels_come_in_this_machines_order(void **state)
{
    (void)state;
    char path[4096], big[65], little[65];
    uint32_t good;
    enum error_code code;
    struct source_options o = {.wavelength = 1, .reference = flat(WIDE, HIGH)};
    struct source *s = open_good(support_data("filters/plain_uint16_bigendian.h5", path), &o);
    hash_frames(s, big, &good, &code);
    source_close(s);
    s = open_good(support_data("filters/plain_uint16_chunked.h5", path), &o);
    hash_frames(s, little, &good, &code);
    source_close(s);
    assert_string_equal(big, little);
}

static void a_broken_chunk_fails_that_frame_only(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum error_code code; /* of frame 1 */
        const char *word;
    } files[] = {
        {"bad_block_length.h5", ERROR_DAMAGED, "longer than the chunk"},
        {"bad_truncated_chunk.h5", ERROR_TRUNCATED, "end early"},
        {"bad_empty_chunk.h5", ERROR_TRUNCATED, "end early"},
        {"bad_header_size.h5", ERROR_DAMAGED, "not that of the chunk"},
        {"bad_header_block.h5", ERROR_DAMAGED, "block size"},
        {"bslz4_uint16_missingchunk.h5", ERROR_MISSING, "not written"},
    };
    struct source_options o = {.wavelength = 1, .reference = flat(WIDE, HIGH)};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[4096], relative[256];
        snprintf(relative, sizeof relative, "filters/%s", files[i].name);
        struct source *s = open_good(support_data(relative, path), &o);
        struct frame_buffer b = {0};
        struct frame f;
        struct error err = {0};
        assert_int_equal(source_frames(s), 3);
        assert_true(source_read(s, 0, &b, &f, &err));
        assert_false(source_read(s, 1, &b, &f, &err));
        assert_int_equal(err.code, files[i].code);
        assert_non_null(strstr(err.fact, files[i].word));
        assert_non_null(strstr(err.fact, "frame 1"));
        assert_true(source_read(s, 2, &b, &f, &err));
        frame_buffer_free(&b);
        source_close(s);
    }
}

/* LZ4 has no checksum: wrong bytes may give wrong pixels, but nothing else. */
static void overwritten_lz4_bytes_do_no_harm(void **state)
{
    (void)state;
    char path[4096], hex[65];
    uint32_t good;
    enum error_code code;
    struct source_options o = {.wavelength = 1, .reference = flat(WIDE, HIGH)};
    struct source *s = open_good(support_data("filters/bad_lz4_bytes.h5", path), &o);
    hash_frames(s, hex, &good, &code);
    assert_true(good >= 2);
    source_close(s);
}

static void a_broken_file_ends_with_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum error_code code;
        const char *word;
    } files[] = {
        {"filters/bad_empty.h5", ERROR_EMPTY, "is empty"},
        {"filters/bad_not_hdf5.h5", ERROR_UNREADABLE, "none of the image formats"},
        {"filters/bad_file_cut.h5", ERROR_TRUNCATED, "cannot open"},
        {"filters/bad_unknown_filter.h5", ERROR_UNSUPPORTED, "filter 305"},
        {"filters/not_there.h5", ERROR_UNREADABLE, "cannot open"},
    };
    struct source_options o = {.wavelength = 1, .reference = flat(WIDE, HIGH)};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[4096], there[4096];
        struct source *s = NULL;
        struct error err = {0};
        support_data("filters/expected.json", there);
        snprintf(path, sizeof path, "%.*s/%s", (int)(strlen(there) - strlen("/filters/expected.json")), there,
                 files[i].name);
        assert_false(source_open(path, &o, &s, &err));
        assert_int_equal(err.code, files[i].code);
        assert_non_null(strstr(err.fact, files[i].word));
        assert_null(strchr(err.fact, '\n'));
    }
}

static void a_missing_linked_file_fails_by_name_and_the_others_go_on(void **state)
{
    (void)state;
    char path[4096], hex[65], master[65];
    uint32_t good;
    enum error_code code;
    struct source_options o = {.wavelength = 1, .reference = flat(WIDE, HIGH)};
    struct source *s = open_good(support_data("filters/bad_ext_master_missing.h5", path), &o);
    assert_int_equal(source_frames(s), 4);
    hash_frames(s, hex, &good, &code);
    assert_int_equal(good, 3);
    assert_int_equal(code, ERROR_MISSING);
    struct frame_buffer b = {0};
    struct frame f;
    struct error err = {0};
    assert_false(source_read(s, 3, &b, &f, &err));
    assert_non_null(strstr(err.fact, "ext_data_000003.h5"));
    frame_buffer_free(&b);
    source_close(s);
    s = open_good(support_data("filters/ext_master.h5", path), &o);
    hash_frames(s, master, &good, &code);
    assert_string_equal(hex, master);
    source_close(s);
}

static void images_without_geometry_are_refused_with_a_hint(void **state)
{
    (void)state;
    char path[4096];
    struct source *s = NULL;
    struct error err = {0};
    assert_false(source_open(support_data("filters/plain_uint16_chunked.h5", path), NULL, &s, &err));
    assert_int_equal(err.code, ERROR_METADATA);
    assert_non_null(strstr(err.hint, "reference_geometry"));
}

/* ---- real and simulated files ---- */

static void the_eiger_master_of_dls_has_its_geometry_and_no_data(void **state)
{
    (void)state;
    char path[4096];
    struct source *s = open_good(support_data("real/Therm_6_2.nxs", path), NULL);
    const struct panel *p = &source_detector(s)->panels[0];
    double px[2];
    assert_string_equal(source_format(s), "NXmx");
    assert_int_equal(source_frames(s), 488);
    assert_int_equal(p->n_fast, 4148);
    assert_int_equal(p->n_slow, 4362);
    assert_true(fabs(p->origin[0] + 166.20416) < 1e-5 && fabs(p->origin[1] - 172.53079) < 1e-5 &&
                fabs(p->origin[2] + 213.95897) < 1e-5);
    assert_int_equal(detector_beam_centre(source_detector(s), &source_beam(s)->v, px), 0);
    assert_true(fabs(px[0] - 2216.05547) < 1e-4 && fabs(px[1] - 2300.41047) < 1e-4);
    assert_true(source_beam(s)->v.wavelength == 0.9802735610373182);
    assert_true(p->thickness == 0.45 && p->mu > 0);
    struct frame_buffer b = {0};
    struct frame f;
    struct error err = {0};
    assert_false(source_read(s, 487, &b, &f, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_non_null(strstr(err.fact, "Therm_6_2_000001.h5"));
    frame_buffer_free(&b);
    source_close(s);
}

static void a_dectris_master_without_nxmx_has_its_geometry(void **state)
{
    (void)state;
    char path[4096];
    struct source *s = open_good(support_data("real/dectris_eiger_master.h5", path), NULL);
    const struct panel *p = &source_detector(s)->panels[0];
    double px[2];
    assert_string_equal(source_format(s), "Dectris");
    assert_int_equal(p->n_fast, 3110);
    assert_int_equal(p->n_slow, 3269);
    assert_int_equal(detector_beam_centre(source_detector(s), &source_beam(s)->v, px), 0);
    assert_true(fabs(px[0] - 1607.415) < 1e-3 && fabs(px[1] - 1586.4314) < 1e-3);
    assert_true(fabs(panel_distance(p) - 134.255) < 1e-4);
    assert_non_null(source_mask(s));
    assert_true(p->trusted_lo == 0 && p->trusted_hi == 12440);
    struct frame_buffer b = {0};
    struct frame f;
    struct error err = {0};
    assert_int_equal(source_frames(s), 1);
    assert_false(source_read(s, 0, &b, &f, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    assert_non_null(strstr(err.fact, "dectris_eiger_data_000001.h5"));
    frame_buffer_free(&b);
    source_close(s);
}

static void simulated_shots_have_their_own_wavelength_and_the_mask(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t frames;
        size_t panels, masked;
        double wavelength[2], origin[3];
    } files[] = {
        {"A", 3, 1, 168236, {1.298725169, 1.30050763}, {-77.4225, 77.475, -120.3}},
        {"C", 1, 8, 60, {1.03268863287, 0}, {-39.1875, 41.355, -105}},
        {"D", 2, 1, 60, {1.24014370431, 1.239545271}, {-51.47, 50.98, -100}},
        {"F", 2, 1, 60, {1.29812952704, 1.302970411}, {-38.01, 38.835, -90}},
        {"L", 1, 1, 60, {1.29993319638, 0}, {-38.355, 37.9275, -130.1}},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[4096], relative[64];
        snprintf(relative, sizeof relative, "simulated/excerpt/%s.h5", files[i].name);
        struct source *s = open_good(support_data(relative, path), NULL);
        const struct detector *d = source_detector(s);
        struct frame_buffer b = {0};
        assert_int_equal(source_frames(s), files[i].frames);
        assert_int_equal(d->n_panels, files[i].panels);
        for (int k = 0; k < 3; k++)
            assert_true(fabs(d->panels[0].origin[k] - files[i].origin[k]) < 1e-9);
        for (uint32_t k = 0; k < files[i].frames && k < 2; k++) {
            struct frame f;
            struct error err = {0};
            assert_true(source_read(s, k, &b, &f, &err));
            assert_true(fabs(f.beam.v.wavelength - files[i].wavelength[k]) < 1e-8);
        }
        size_t masked = 0;
        for (size_t k = 0; k < d->n_pixels; k++)
            masked += source_mask(s)[k] == 0;
        assert_int_equal(masked, files[i].masked);
        frame_buffer_free(&b);
        source_close(s);
    }
}

/* ---- files that change ---- */

static void a_file_cut_while_open_fails_the_frames_behind_the_cut(void **state)
{
    (void)state;
    char folder[64], path[128], source[4096];
    struct bytes b = {0};
    struct error err = {0};
    support_folder(folder);
    snprintf(path, sizeof path, "%s/cut.h5", folder);
    assert_true(fs_read(support_data("filters/bslz4_uint16_ragged.h5", source), 1 << 20, &b, &err));
    assert_true(fs_write_atomic(path, b.data, b.size, &err));
    struct source_options o = {.wavelength = 1, .reference = flat(WIDE, HIGH)};
    struct source *s = open_good(path, &o);
    struct frame_buffer buffer = {0};
    struct frame f;
    assert_int_equal(truncate(path, 20000), 0);
    assert_true(source_read(s, 0, &buffer, &f, &err));
    assert_false(source_read(s, 2, &buffer, &f, &err));
    assert_int_equal(err.code, ERROR_TRUNCATED);
    assert_int_equal(unlink(path), 0);
    assert_false(source_read(s, 0, &buffer, &f, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    frame_buffer_free(&buffer);
    source_close(s);
    bytes_free(&b);
    support_remove(folder);
}

/* ---- masks ---- */

static void a_mask_file_is_laid_on_the_panels(void **state)
{
    (void)state;
    char folder[64], path[128];
    support_folder(folder);
    snprintf(path, sizeof path, "%s/mask.h5", folder);
    uint8_t values[20 * 30] = {0};
    values[2 * 30 + 3] = 1;
    values[19 * 30 + 29] = 255;
    hid_t file = made_file(path, 0);
    made_dataset(file, "/mask", H5T_NATIVE_UINT8, 2, (hsize_t[]){20, 30}, values);
    H5Fclose(file);
    struct detector *d = flat(30, 20);
    uint8_t *mask = NULL;
    struct error err = {0};
    if (!source_mask_read_hdf5(path, d, &arena, &mask, &err))
        fail_msg("%s (%s)", err.fact, err.detail);
    for (size_t i = 0; i < 600; i++)
        assert_int_equal(mask[i], values[i] == 0);
    assert_false(source_mask_read_hdf5(path, flat(31, 20), &arena, &mask, &err));
    assert_int_equal(err.code, ERROR_MASK);
    support_remove(folder);
}

static int start(void **state)
{
    (void)state;
    return source_helper_start(NULL) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    source_helper_stop();
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_good_filter_file_gives_the_expected_pixels),
        cmocka_unit_test(big_endian_pixels_come_in_this_machines_order),
        cmocka_unit_test(a_broken_chunk_fails_that_frame_only),
        cmocka_unit_test(overwritten_lz4_bytes_do_no_harm),
        cmocka_unit_test(a_broken_file_ends_with_one_line),
        cmocka_unit_test(a_missing_linked_file_fails_by_name_and_the_others_go_on),
        cmocka_unit_test(images_without_geometry_are_refused_with_a_hint),
        cmocka_unit_test(the_eiger_master_of_dls_has_its_geometry_and_no_data),
        cmocka_unit_test(a_dectris_master_without_nxmx_has_its_geometry),
        cmocka_unit_test(simulated_shots_have_their_own_wavelength_and_the_mask),
        cmocka_unit_test(a_file_cut_while_open_fails_the_frames_behind_the_cut),
        cmocka_unit_test(a_mask_file_is_laid_on_the_panels),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
