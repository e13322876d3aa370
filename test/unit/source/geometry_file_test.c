#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "source/source.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static const char geometry[] =
    "photon_energy = 9500\nadu_per_photon = 1\nclen = %s\nres = 10000\n"
    "p/min_fs = 0\np/max_fs = 99\np/min_ss = 0\np/max_ss = 49\np/corner_x = -50\n"
    "p/corner_y = 10\np/fs = x\np/ss = y\nbadx/min_fs = 3\nbadx/max_fs = 4\nbadx/min_ss = "
    "0\nbadx/max_ss = 0\nbadx/panel = p\n";

static char *write_geometry(struct arena *a, const char *clen)
{
    struct error err = {0};
    char *path = arena_strdup(a, "/tmp/xfelx_geometry_XXXXXX.geom"), text[1024];
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    close(fd);
    snprintf(text, sizeof text, geometry, clen);
    assert_true(fs_write_atomic(path, text, strlen(text), &err));
    return path;
}

static void a_geom_gives_panels_and_mask(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct detector *d;
    const uint8_t *mask;
    char *path = write_geometry(&a, "0.12");
    if (!source_geometry_read(path, 0, &a, &d, &mask, &err))
        fail_msg("%s", err.fact);
    assert_int_equal(d->n_panels, 1);
    assert_true(fabs(d->panels[0].origin[2] + 120) < 1e-9 && d->panels[0].n_fast == 100);
    assert_true(mask[2] == 1 && mask[3] == 0 && mask[4] == 0 && mask[5] == 1);
    unlink(path);
    arena_free(&a);
}

static void a_distance_left_to_the_images_must_be_given(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct detector *d;
    const uint8_t *mask;
    char *path = write_geometry(&a, "/LCLS/detector_1/EncoderValue");
    assert_false(source_geometry_read(path, 0, &a, &d, &mask, &err));
    assert_int_equal(err.code, ERROR_METADATA);
    assert_true(source_geometry_read(path, 85, &a, &d, &mask, &err));
    assert_true(fabs(d->panels[0].origin[2] + 85) < 1e-9);
    unlink(path);
    arena_free(&a);
}

static void packed_files_are_unpacked(void **state)
{
    (void)state;
    char path[] = "/tmp/xfelx_packed_XXXXXX";
    struct error err = {0};
    struct bytes out = {0};
    int fd = mkstemp(path);
    gzFile z = gzdopen(fd, "wb");
    assert_true(gzwrite(z, "1 2 3 4\n", 8) == 8);
    gzclose(z);
    assert_true(source_file_read(path, 1000, &out, &err));
    assert_true(out.size == 8 && !memcmp(out.data, "1 2 3 4\n", 8));
    assert_true(fs_write_atomic(path, "plain", 5, &err) && source_file_read(path, 1000, &out, &err));
    assert_true(out.size == 5 && !memcmp(out.data, "plain", 5));
    unlink(path);
    assert_false(source_file_read(path, 1000, &out, &err));
    bytes_free(&out);
}

static bool check(const char *content, size_t n)
{
    struct error err = {0};
    char path[] = "/tmp/xfelx_geometry_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, content, n) == (ssize_t)n);
    close(fd);
    bool good = source_geometry_check(path, &err);
    assert_true(good || *err.fact);
    unlink(path);
    return good;
}

/* Whatever its name is. */
static void what_is_no_geometry_is_told_by_its_content(void **state)
{
    (void)state;
    struct error err = {0};
    char text[1024];
    int n = snprintf(text, sizeof text, geometry, "/LCLS/detector_1/EncoderValue");
    assert_true(check(text, (size_t)n));
    assert_false(check("", 0));
    assert_false(check("mp.nproc = 8\nspotfinder {\n  threshold = 3\n}\n", 45));
    assert_false(check("photon_energy = 9500\n", 21)); /* no panels */
    assert_false(check("{\"__id__\": \"crystal\"}", 22));
    assert_false(check("\x80\x02(\0\x01\xff", 6));
    assert_false(source_geometry_check("/nowhere/a.geom", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_geom_gives_panels_and_mask),
        cmocka_unit_test(a_distance_left_to_the_images_must_be_given),
        cmocka_unit_test(packed_files_are_unpacked),
        cmocka_unit_test(what_is_no_geometry_is_told_by_its_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
