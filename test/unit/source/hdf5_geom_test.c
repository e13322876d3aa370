/* HDF5 images with a CrystFEL geometry: CXI, one group a shot, modules by number, masks by bits. */
#include "source/hdf5.h"

#include "made_h5.h"
#include "place.h"
#include "support.h"

static char *write_text(const char *name, const char *text)
{
    char *path = arena_printf(&arena, "%s/%s", folder, name);
    assert_true(fs_write_atomic(path, text, strlen(text), NULL));
    return path;
}

static struct source *open_with(const char *path, const char *geometry, struct error *err)
{
    struct source_options o = {.geometry_file = geometry};
    struct source *s = NULL;
    return source_open(path, &o, &s, err) ? s : NULL;
}

static const char TWO_PANELS[] = "photon_energy = /LCLS/photon_energy_eV\n"
                                 "clen = /LCLS/detector_1/EncoderValue\n"
                                 "coffset = 0.55\n"
                                 "res = 10000\n"
                                 "adu_per_photon = 9\n"
                                 "data = /entry_1/data_1/data\n"
                                 "dim0 = %\ndim1 = ss\ndim2 = fs\n"
                                 "mask = /entry_1/data_1/mask\nmask_bad = 0x5\nmask_good = 0x100\n"
                                 "a/min_fs = 0\na/max_fs = 2\na/min_ss = 0\na/max_ss = 3\n"
                                 "a/corner_x = -10\na/corner_y = 1\na/fs = x\na/ss = y\n"
                                 "b/min_fs = 3\nb/max_fs = 5\nb/min_ss = 0\nb/max_ss = 3\n"
                                 "b/corner_x = 10\nb/corner_y = 1\nb/fs = -x\nb/ss = -y\n";

/* Two frames of 4 × 6 int16: pixel = 100 frame + place. */
static char *cxi_file(void)
{
    char *path = arena_printf(&arena, "%s/run.cxi", folder);
    int16_t pixels[48];
    uint16_t mask[24];
    for (int i = 0; i < 48; i++)
        pixels[i] = (int16_t)(100 * (i / 24) + i % 24);
    for (int i = 0; i < 24; i++)
        mask[i] = 0x100;
    mask[0] = 0x104; /* a: bad bit */
    mask[5] = 0x000; /* b: lacks the good bit */
    mask[7] = 0x102; /* a bit that does not matter */
    hid_t file = made_file(path, 0);
    made_dataset(file, "/entry_1/data_1/data", H5T_NATIVE_INT16, 3, (hsize_t[]){2, 4, 6}, pixels);
    made_dataset(file, "/entry_1/data_1/mask", H5T_NATIVE_UINT16, 2, (hsize_t[]){4, 6}, mask);
    made_reals(file, "/LCLS/photon_energy_eV", 2, (double[]){9000, 9100});
    made_reals(file, "/LCLS/detector_1/EncoderValue", 2, (double[]){-450, -450});
    H5Fclose(file);
    return path;
}

static void cxi_frames_are_cut_to_panels(void **state)
{
    (void)state;
    struct error err = {0};
    struct source *s = open_with(cxi_file(), write_text("two.geom", TWO_PANELS), &err);
    if (!s)
        fail_msg("%s", err.fact);
    static const int16_t want[24] = {0, 1, 2, 6, 7,  8,  12, 13, 14, 18, 19, 20,
                                     3, 4, 5, 9, 10, 11, 15, 16, 17, 21, 22, 23};
    struct frame_buffer b = {0};
    struct frame f;
    for (uint32_t k = 0; k < 2; k++) {
        assert_true(source_read(s, k, &b, &f, &err));
        for (int i = 0; i < 24; i++)
            assert_int_equal(((const int16_t *)f.pixels)[i], want[i] + 100 * (int)k);
        assert_true(fabs(f.beam.v.wavelength - EV_ANGSTROM / (9000 + 100 * k)) < 1e-12);
        assert_int_equal(f.beam.energy_source, 1);
    }
    const struct panel *p = source_detector(s)->panels;
    assert_true(fabs(p[0].origin[0] - 1) < 1e-12 && fabs(p[0].origin[1] - 0.1) < 1e-12 &&
                fabs(p[0].origin[2] + 100) < 1e-9);
    assert_true(p[0].fast[0] == -1 && p[1].fast[0] == 1 && p[1].slow[1] == -1 && p[0].gain == 9);
    for (size_t i = 0; i < 24; i++)
        assert_int_equal(source_mask(s)[i], i != 0 && i != 14);
    frame_buffer_free(&b);
    source_close(s);
}

static void one_group_a_shot_gives_a_frame_each(void **state)
{
    (void)state;
    char *path = arena_printf(&arena, "%s/sacla.h5", folder);
    hid_t file = made_file(path, 0);
    for (int tag = 7; tag < 10; tag++) {
        uint16_t pixels[6] = {(uint16_t)tag};
        made_dataset(file, arena_printf(&arena, "/tag-%d/data", tag), H5T_NATIVE_UINT16, 2, (hsize_t[]){2, 3},
                     pixels);
        made_real(file, arena_printf(&arena, "/tag-%d/photon_energy_ev", tag), 10000 + tag);
    }
    made_real(file, "/metadata/run", 1);
    H5Fclose(file);
    struct error err = {0};
    struct source *s =
        open_with(path,
                  write_text("sacla.geom", "photon_energy = /tag-%/photon_energy_ev\nclen = 50 mm\n"
                                           "res = 20000\nadu_per_photon = 1\ndata = /tag-%/data\n"
                                           "dim0 = ss\ndim1 = fs\np/min_fs = 0\np/max_fs = 2\n"
                                           "p/min_ss = 0\np/max_ss = 1\np/corner_x = 0\n"
                                           "p/corner_y = 0\np/fs = x\np/ss = y\n"),
                  &err);
    if (!s)
        fail_msg("%s", err.fact);
    assert_int_equal(source_frames(s), 3);
    struct frame_buffer b = {0};
    struct frame f;
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(source_read(s, i, &b, &f, &err));
        assert_int_equal(((const uint16_t *)f.pixels)[0], 7 + i);
        assert_true(fabs(f.beam.v.wavelength - EV_ANGSTROM / (10007 + i)) < 1e-12);
    }
    frame_buffer_free(&b);
    source_close(s);
}

static void modules_are_taken_by_their_number(void **state)
{
    (void)state;
    char *path = arena_printf(&arena, "%s/cube.h5", folder);
    uint16_t pixels[2 * 3 * 6];
    for (uint16_t i = 0; i < 36; i++)
        pixels[i] = i;
    hid_t file = made_file(path, 512); /* a user block before everything, and chunks */
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(dcpl, 4, (hsize_t[]){1, 1, 2, 3});
    made_dataset_with(file, "/data/data", H5T_NATIVE_UINT16, 4, (hsize_t[]){2, 3, 2, 3}, dcpl, pixels);
    H5Pclose(dcpl);
    H5Fclose(file);
    struct error err = {0};
    struct source *s =
        open_with(path,
                  write_text("cube.geom", "photon_energy = 9 keV\nclen = 0.1\nres = 10000\n"
                                          "adu_per_eV = 0.001\nmin_fs = 0\nmax_fs = 2\nmin_ss = 0\n"
                                          "max_ss = 1\nfs = x\nss = y\ncorner_y = 0\ndim0 = %\n"
                                          "dim2 = ss\ndim3 = fs\np/dim1 = 2\np/corner_x = 0\n"
                                          "q/dim1 = 0\nq/corner_x = 9\n"),
                  &err);
    if (!s)
        fail_msg("%s", err.fact);
    struct frame_buffer b = {0};
    struct frame f;
    assert_true(source_read(s, 1, &b, &f, &err));
    for (int i = 0; i < 6; i++) {
        assert_int_equal(((const uint16_t *)f.pixels)[i], 18 + 12 + i);
        assert_int_equal(((const uint16_t *)f.pixels)[6 + i], 18 + i);
    }
    assert_true(fabs(f.detector->panels[0].gain - 9) < 1e-12);
    frame_buffer_free(&b);
    source_close(s);
}

static void what_the_file_lacks_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
        enum error_code code;
    } cases[] = {
        {"/LCLS/detector_1/EncoderValue", "/nowhere", "/nowhere", ERROR_METADATA},
        {"/LCLS/photon_energy_eV", "/no/energy", "/no/energy", ERROR_METADATA},
        {"/entry_1/data_1/data", "/no/data", "/no/data", ERROR_MISSING},
        {"/entry_1/data_1/mask", "/no/mask", "/no/mask", ERROR_MISSING},
        {"max_fs = 5", "max_fs = 6", "outside the images", ERROR_METADATA},
    };
    char *path = cxi_file();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = strstr(TWO_PANELS, cases[i].from);
        char *text = arena_printf(&arena, "%.*s%s%s", (int)(at - TWO_PANELS), TWO_PANELS, cases[i].to,
                                  at + strlen(cases[i].from));
        struct error err = {0};
        assert_null(open_with(path, write_text("bad.geom", text), &err));
        if (err.code != cases[i].code || !strstr(err.fact, cases[i].word))
            fail_msg("%d %s", (int)err.code, err.fact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cxi_frames_are_cut_to_panels),
        cmocka_unit_test(one_group_a_shot_gives_a_frame_each),
        cmocka_unit_test(modules_are_taken_by_their_number),
        cmocka_unit_test(what_the_file_lacks_is_named),
    };
    return cmocka_run_group_tests(tests, place_begin_with_helper, place_end_with_helper);
}
