/* Mask files: shapes against the detector, and the plain form. */
#include "made.h"
#include "place.h"

static struct detector *two_panels(void)
{
    struct error err;
    struct detector *d = detector_make(&arena, 2, 0);
    for (int i = 0; i < 2; i++) {
        d->panels[i].n_fast = 3 - i;
        d->panels[i].n_slow = 2;
        d->panels[i].pixel_fast = d->panels[i].pixel_slow = 0.1;
        d->panels[i].origin[2] = -100;
    }
    assert_true(detector_finish(d, "made", &err));
    return d;
}

static bool read_text(const char *text, size_t n, uint8_t **out, struct error *err)
{
    const char *path = arena_printf(&arena, "%s/mask", folder);
    *err = (struct error){0};
    assert_true(fs_write_atomic(path, text, n, err));
    return source_mask_read(path, two_panels(), &arena, out, err);
}

static void the_plain_form_is_read(void **state)
{
    (void)state;
    static const char text[] = "XFELXMASK1\n3 2\n2 2\n\n\1\0\1\1\1\1\0\1\1\1";
    uint8_t *mask;
    struct error err;
    if (!read_text(text, sizeof text - 1, &mask, &err))
        fail_msg("%s", err.fact);
    assert_memory_equal(mask, "\1\0\1\1\1\1\0\1\1\1", 10);
}

static void a_mask_of_another_shape_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        enum error_code code;
    } cases[] = {
        {"XFELXMASK1\n3 2\n\n123456", 22, ERROR_MASK},
        {"XFELXMASK1\n3 2\n2 2\n1 1\n\n", 24, ERROR_MASK},
        {"XFELXMASK1\n3 2\n3 2\n\n", 20, ERROR_MASK},
        {"XFELXMASK1\n3 2\n2 2\n\n\1\1\1\1\1\1\1\1\1", 29, ERROR_TRUNCATED},
        {"XFELXMASK1\n3 2\n2 2\n\n\1\1\1\1\1\1\1\1\1\1\1", 31, ERROR_DAMAGED},
        {"XFELXMASK1\n3 2\n2 2\n\n\1\1\1\1\1\1\1\1\1\2", 30, ERROR_DAMAGED},
        {"XFELXMASK1\n3 2\n2 x\n\n", 20, ERROR_DAMAGED},
        {"XFELXMASK1\n3 2", 14, ERROR_DAMAGED},
        {"foreign", 7, ERROR_UNREADABLE},
        {"", 0, ERROR_EMPTY},
        {"(t.", 3, ERROR_MASK},
        {"cos\nsystem\n(S'id'\ntR.", 21, ERROR_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t *mask;
        struct error err;
        bool ok = read_text(cases[i].text, cases[i].n, &mask, &err);
        if (ok || err.code != cases[i].code || !err.fact[0])
            fail_msg("case %zu: %d %s", i, err.code, err.fact);
        assert_null(mask);
    }
}

static void a_file_is_a_mask_or_not_whatever_the_detector(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        enum error_code code; /* 0: it is one */
    } cases[] = {
        {"XFELXMASK1\n3 2\n2 2\n\n\1\0\1\1\1\1\0\1\1\1", 30, 0},
        {"XFELXMASK1\n3 2\n2 2\n\n\1\1\1\1\1\1\1\1\1", 29, ERROR_TRUNCATED},
        {"XFELXMASK1\n3 2\n2 2\n\n\1\1\1\1\1\1\1\1\1\1\1", 31, ERROR_DAMAGED},
        {"XFELXMASK1\n\n", 12, ERROR_DAMAGED},
        {"XFELXMASK1\n65536 65536\n65536 65536\n\n", 36, ERROR_DAMAGED},
        {"XFELXMASK1\n3 2", 14, ERROR_DAMAGED},
        {"foreign", 7, ERROR_UNREADABLE},
        {"", 0, ERROR_EMPTY},
        {"(t.", 3, ERROR_DAMAGED},
        {"cos\nsystem\n(S'id'\ntR.", 21, ERROR_UNSUPPORTED},
    };
    const char *path = arena_printf(&arena, "%s/mask", folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        assert_true(fs_write_atomic(path, cases[i].text, cases[i].n, &err));
        bool ok = source_mask_check(path, &err);
        if (ok != !cases[i].code || (!ok && (err.code != cases[i].code || !err.fact[0])))
            fail_msg("case %zu: %d %s", i, err.code, err.fact);
    }
}

/* pickle.dump((flex.bool(2 x 3), flex.bool(2 x 2)), protocol 2) of DIALS, shortened by hand: memo left out */
static void a_pickle_fills_the_panels_in_order(void **state)
{
    (void)state;
#define FLEX(rows, columns, bits)                                                                            \
    "cscitbx_array_family_flex_ext\nbool\n)R(cscitbx_array_family_flex_ext\ngrid\n(K\000K\000\206K" rows     \
    "K" columns "\206\210tRK" rows "K" columns "\206bc_codecs\nencode\n(X" bits                              \
    "X\006\000\000\000latin1tRtb"
    static const char text[] = "\200\002" FLEX("\002", "\003",
                                               "\010\000\000\000\002\006"
                                               "011111") FLEX("\002", "\002",
                                                              "\006\000\000\000\002\004"
                                                              "1101") "\206.";
#undef FLEX
    uint8_t *mask;
    struct error err;
    if (!read_text(text, sizeof text - 1, &mask, &err))
        fail_msg("%s", err.fact);
    assert_memory_equal(mask, "\0\1\1\1\1\1\1\1\0\1", 10);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    uint8_t *mask;
    struct error err = {0};
    assert_false(source_mask_read(folder, two_panels(), &arena, &mask, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    assert_false(source_mask_read("/nowhere/mask", two_panels(), &arena, &mask, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_form_is_read),
        cmocka_unit_test(a_mask_of_another_shape_is_refused),
        cmocka_unit_test(a_file_is_a_mask_or_not_whatever_the_detector),
        cmocka_unit_test(a_pickle_fills_the_panels_in_order),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, place_begin, place_end);
}
