#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* An MTZ file in memory: columns H K L and one more, header records in blanks. */
struct file {
    uint8_t bytes[8192];
    size_t n;
};

static void put_word(struct file *f, size_t at, uint32_t v, bool big)
{
    for (int i = 0; i < 4; i++)
        f->bytes[at + (size_t)(big ? 3 - i : i)] = (uint8_t)(v >> (8 * i));
}

static void put_real(struct file *f, float v, bool big)
{
    uint32_t bits;
    memcpy(&bits, &v, 4);
    put_word(f, f->n, bits, big);
    f->n += 4;
}

static void put_record(struct file *f, const char *text)
{
    memset(f->bytes + f->n, ' ', 80);
    memcpy(f->bytes + f->n, text, strlen(text));
    f->n += 80;
}

static struct file make(char type, bool big, const char *more)
{
    struct file f = {.n = 80};
    static const float rows[3][4] = {{1, 2, 3, 5}, {2, 0, 0, NAN}, {4, 1, 1, 7}};
    char column[64];
    memcpy(f.bytes, "MTZ ", 4);
    f.bytes[8] = big ? 0x11 : 0x44, f.bytes[9] = big ? 0x11 : 0x41;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            put_real(&f, rows[r][c], big);
    put_word(&f, 4, (uint32_t)f.n / 4 + 1, big);
    put_record(&f, "VERS MTZ:V1.1");
    put_record(&f, "NCOL        4            3        0");
    put_record(&f, "CELL    79.1000   79.1000   38.1000   90.0000   90.0000   90.0000");
    put_record(&f, "VALM NAN");
    put_record(&f, "COLUMN H                              H            1.0            4.0    0");
    put_record(&f, "COLUMN K                              H            0.0            2.0    0");
    put_record(&f, "COLUMN L                              H            0.0            3.0    0");
    snprintf(column, sizeof column, "COLUMN IMEAN %c 1 7 1", type);
    put_record(&f, column);
    if (more)
        put_record(&f, more);
    put_record(&f, "END");
    return f;
}

static bool parse(const struct file *f, const char *label, struct arena *a, struct intensities *out,
                  struct error *err)
{
    struct space_group g;
    assert_true(space_group_find("P43212", &g, err));
    return intensities_parse(f->bytes, f->n, "merged.mtz", label, &g, a, out, err);
}

static void intensities_and_amplitudes_of_either_byte_order_are_read(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct arena a = {0};
        struct error err = {0};
        struct intensities list;
        struct space_group g;
        struct file f = make(i / 2 ? 'F' : 'J', i % 2, NULL);
        assert_true(space_group_find("P43212", &g, &err));
        if (!parse(&f, i % 2 ? "IMEAN" : NULL, &a, &list, &err))
            fail_msg("%s", err.fact);
        assert_int_equal(list.n, 2); /* the missing value is left out */
        assert_true(*intensities_find(&list, &g, (const int32_t[]){2, 1, -3}) == (i / 2 ? 25 : 5));
        assert_true(fabs(list.cell[2] - 38.1) < 1e-12);
        arena_free(&a);
    }
}

static void broken_files_are_refused(void **state)
{
    (void)state;
    struct file whole = make('J', false, NULL);
    for (size_t n = 4; n + 81 < whole.n; n += 7) { /* cut anywhere before the last record */
        struct arena a = {0};
        struct error err = {0};
        struct intensities list;
        struct file cut = whole;
        cut.n = n;
        assert_false(parse(&cut, NULL, &a, &list, &err));
        assert_true(err.code == ERROR_TRUNCATED || err.code == ERROR_DAMAGED);
        arena_free(&a);
    }
    struct arena a = {0};
    struct error err = {0};
    struct intensities list;
    assert_false(parse(&whole, "FOBS", &a, &list, &err));
    assert_non_null(strstr(err.detail, "IMEAN"));
    struct file phases = make('P', false, NULL);
    assert_false(parse(&phases, NULL, &a, &list, &err));
    struct file twice = make('J', false, "COLUMN I2 J 0 1 1"); /* five columns described, four named */
    assert_false(parse(&twice, NULL, &a, &list, &err));
    struct file unmerged = make('J', false, "NCOL 4 3 7");
    assert_false(parse(&unmerged, NULL, &a, &list, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    struct file huge = make('J', false, "NCOL 4 300000000 0");
    assert_false(parse(&huge, NULL, &a, &list, &err));
    assert_int_equal(err.code, ERROR_TRUNCATED);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intensities_and_amplitudes_of_either_byte_order_are_read),
        cmocka_unit_test(broken_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
