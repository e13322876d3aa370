/* powder_file_test.c - sums as files, and the picture of them. */
#include "powder_frames.h"

/* Without waiting for the disk. */
static void put(const char *path, const void *data, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    fclose(f);
}

static void the_picture_reads_back_as_an_image(void **state)
{
    (void)state;
    struct error err = {0};
    struct powder_sum s;
    struct source *source;
    struct frame_buffer buffer = {0};
    struct frame f;
    char path[64];
    gather_of("picture", 2, 1, &s);
    snprintf(path, sizeof path, "%s/powder.h5", folder);
    assert_true(powder_publish(&s, path, &err));
    if (!source_open(path, NULL, &source, &err))
        fail_msg("%s %s", err.fact, err.detail);
    assert_int_equal(source_frames(source), 6);
    assert_true(source_read(source, 2, &buffer, &f, &err));
    const struct powder_cell *c = s.cells[POWDER_HIT] + 5000;
    assert_double_equal(view(&f, 5000), (double)c->sum / c->n, 1e-5);
    assert_int_equal(f.mask[77], 0);
    assert_int_equal(f.mask[78], 1);
    assert_double_equal(f.detector->panels[1].origin[0], 3.8, 1e-6);
    assert_true(source_read(source, 3, &buffer, &f, &err));
    assert_double_equal(view(&f, 5000), c->max, 0);
    assert_true(source_read(source, 5, &buffer, &f, &err));
    double mean = (double)c->sum / c->n, about = 0;
    for (int k = 0; k < FRAMES; k += 4) /* every fourth is a hit */
        about += (pixels[k][5000] - mean) * (pixels[k][5000] - mean);
    assert_double_equal(view(&f, 5000), sqrt(about / (c->n - 1)), 1e-5);
    frame_buffer_free(&buffer);
    source_close(source);
}

static void broken_sums_are_left_out(void **state)
{
    (void)state;
    struct error err = {0};
    struct powder_sum s;
    struct bytes b = {0};
    char parts[96], path[128];
    gather_of("broken", 1, 1, &s);
    snprintf(parts, sizeof parts, "%s/broken", folder);
    snprintf(path, sizeof path, "%s/a1-r0", parts);
    assert_true(fs_read(path, 1 << 24, &b, &err));
    for (size_t n = 0; n < b.size; n += n < 400 ? 1 : 4999) { /* cut everywhere */
        put(path, b.data, n);
        assert_true(powder_gather(parts, &arena, &s, &err));
        assert_null(s.detector);
    }
    for (size_t i = 0; i < b.size; i += i < 400 ? 1 : 4999) {
        b.data[i] ^= 0x55;
        put(path, b.data, b.size);
        assert_true(powder_gather(parts, &arena, &s, &err));
        assert_null(s.detector);
        b.data[i] ^= 0x55;
    }
    snprintf(parts, sizeof parts, "%s/nothing", folder);
    assert_true(powder_gather(parts, &arena, &s, &err));
    assert_null(s.detector);
    bytes_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_reads_back_as_an_image),
        cmocka_unit_test(broken_sums_are_left_out),
    };
    return cmocka_run_group_tests(tests, make_frames, remove_folder);
}
