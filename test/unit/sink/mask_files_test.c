/* mask_files_test.c - masks written and read back. That DIALS reads them: test/peers/mask_files. */
#include "fixture.h"

#include "sink/sink.h"
#include "source/source.h"

static uint8_t mask[10000];

/* Two panels with a bar, a hole, single pixels and a whole row masked. */
static const struct detector *make(void)
{
    const struct detector *d = frames_detector(&memory, 100);
    memset(mask, 1, sizeof mask);
    for (size_t i = 0; i < d->n_pixels; i++) {
        size_t x = i % 100, y = i / 100 % 50;
        bool second = i >= 5000;
        if ((x > 20 && x < 31 && y < 40) || (second && y == 7) || (x == 99 && y == 49) ||
            (i * 2654435761u) % 97 == 0)
            mask[i] = 0;
    }
    return d;
}

static void our_reader_gets_the_same_back(void **state)
{
    (void)state;
    static void (*const write[])(const struct detector *, const uint8_t *, struct str *) = {sink_mask_dials,
                                                                                            sink_mask_plain};
    const struct detector *d = make();
    for (int k = 0; k < 2; k++) {
        struct error err = {0};
        struct str text = {0};
        char path[128];
        uint8_t *back = NULL;
        write[k](d, mask, &text);
        snprintf(path, sizeof path, "%s/mask%d", folder, k);
        assert_true(fs_write_atomic(path, text.text, text.len, &err));
        if (!source_mask_read(path, d, &memory, &back, &err))
            fail_msg("%d: %s", k, err.fact);
        assert_memory_equal(back, mask, d->n_pixels);
        str_free(&text);
    }
}

static void regions_for_crystfel_cover_what_is_masked_and_no_more(void **state)
{
    (void)state;
    const struct detector *d = make();
    struct str text = {0};
    static uint8_t drawn[10000];
    memset(drawn, 1, sizeof drawn);
    sink_mask_crystfel(d, mask, &text);
    for (const char *at = strstr(text.text, "/panel = "); at; at = strstr(at + 1, "/panel = ")) {
        char name[32];
        int x0, x1, y0, y1, n;
        int got = sscanf(
            at, "/panel = %31s bad%*d/min_fs = %d bad%*d/max_fs = %d bad%*d/min_ss = %d bad%*d/max_ss = %d%n",
            name, &x0, &x1, &y0, &y1, &n);
        assert_int_equal(got, 5);
        size_t panel = strcmp(name, "p1") == 0;
        for (int y = y0; y <= y1; y++)
            for (int x = x0; x <= x1; x++) {
                uint8_t *p = drawn + panel * 5000 + (size_t)y * 100 + (size_t)x;
                assert_int_equal(*p, 1); /* no pixel twice */
                *p = 0;
            }
    }
    assert_memory_equal(drawn, mask, d->n_pixels);
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(our_reader_gets_the_same_back, setup, teardown),
        cmocka_unit_test_setup_teardown(regions_for_crystfel_cover_what_is_masked_and_no_more, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
