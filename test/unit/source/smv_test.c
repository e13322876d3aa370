/* SMV: conventions of writers, pixels of both byte orders, and headers that lie. */
#include "made.h"

static void changed(struct str *file, const char *from, const char *to)
{
    made_smv(file, made_smv_header);
    made_change(file, from, to);
}

static void pixels_are_read_in_both_byte_orders(void **state)
{
    (void)state;
    struct str file = {0};
    for (int order = 0; order < 2; order++) {
        struct frame_buffer b = {0};
        struct frame f;
        struct error err = {0};
        made_smv(&file, made_smv_header);
        if (order)
            made_change(&file, "big_endian;\n", "little_endian;\n"), made_change(&file, " ", ""),
                made_change(&file, " ", ""), made_change(&file, " ", "");
        struct source *s = made_open(&file, NULL);
        assert_true(source_read(s, 0, &b, &f, &err));
        assert_int_equal(f.type, PIXEL_U16);
        assert_int_equal(((const uint16_t *)f.pixels)[0], order ? 1 : 256);
        assert_int_equal(((const uint16_t *)f.pixels)[29], order ? 29 << 8 : 29);
        source_close(s);
        frame_buffer_free(&b);
    }
    str_free(&file);
}

static void adsc_swaps_its_beam_centre(void **state)
{
    (void)state;
    struct str file = {0};
    made_smv(&file, made_smv_header);
    struct source *s = made_open(&file, NULL);
    const struct panel *p = &source_detector(s)->panels[0];
    made_near(p->origin[0], -0.3);
    made_near(p->origin[1], 0.4);
    made_near(p->origin[2], -250);
    made_near(p->trusted_hi, 65534);
    size_t n;
    const char *const *notes = source_notes(s, &n);
    assert_true(n == 1 && strstr(notes[0], "ADSC") && strstr(notes[0], "3.00,4.00"));
    source_close(s);
    str_free(&file);
}

/* Values of dxtbx for BEAMLINE=fake: centre (X + pixel, height - Y + pixel); DIALS_ORIGIN is exact and wins. */
static void simulators_have_a_convention_and_an_exact_origin(void **state)
{
    (void)state;
    struct str file = {0};
    changed(&file, "DIM=2;\n", "BEAMLINE=fake;\nADC_OFFSET=40;\n");
    struct source *s = made_open(&file, NULL);
    const struct panel *p = &source_detector(s)->panels[0];
    made_near(p->origin[0], -(0.4 + 0.1));
    made_near(p->origin[1], 0.5 - 0.3 + 0.1);
    made_near(p->pedestal, 40);
    source_close(s);
    made_change(&file, "ADC_OFFSET=40;\n", "DIALS_ORIGIN=-1.5,2.5,-99;\n");
    s = made_open(&file, NULL);
    made_near(source_detector(s)->panels[0].origin[0], -1.5);
    made_near(source_detector(s)->panels[0].origin[1], 2.5);
    made_near(source_detector(s)->panels[0].origin[2], -99);
    source_close(s);
    str_free(&file);
}

static void an_unknown_writer_needs_a_beam_centre(void **state)
{
    (void)state;
    struct str file = {0};
    double centre[2] = {2, 3};
    struct source_options o = {.beam_centre_fast_slow = centre};
    changed(&file, "DATE=Sat Dec 14 10:17:53 2002;\n", "");
    made_fails(&file, NULL, ERROR_METADATA, "convention");
    struct source *s = made_open(&file, &o);
    made_near(source_detector(s)->panels[0].origin[0], -0.2);
    source_close(s);
    changed(&file, "BEAM_CENTER_X=0.4;\n", "");
    made_fails(&file, NULL, ERROR_METADATA, "BEAM_CENTER");
    str_free(&file);
}

static void headers_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
        enum error_code code;
    } cases[] = {
        {"SIZE1=6", "SIZE1=0", "SIZE1", ERROR_METADATA},
        {"SIZE1=6", "SIZE1=70000", "SIZE1", ERROR_METADATA},
        {"SIZE1=6", "SIZE1=600", "ends early", ERROR_TRUNCATED},
        {"SIZE1=6;\n", "", "SIZE1", ERROR_METADATA},
        {"unsigned_short", "unsigned_long", "TYPE", ERROR_UNSUPPORTED},
        {"big_endian", "vax", "BYTE_ORDER", ERROR_UNSUPPORTED},
        {"BYTE_ORDER=big_endian;\n", "", "BYTE_ORDER", ERROR_METADATA},
        {"WAVELENGTH=1.0;\n", "", "wavelength", ERROR_METADATA},
        {"WAVELENGTH=1.0", "WAVELENGTH=0", "wavelength", ERROR_METADATA},
        {"WAVELENGTH=1.0", "WAVELENGTH=nan", "wavelength", ERROR_METADATA},
        {"WAVELENGTH=1.0", "WAVELENGTH=x", "WAVELENGTH", ERROR_METADATA},
        {"DISTANCE=250.0", "DISTANCE=0", "DISTANCE", ERROR_METADATA},
        {"DISTANCE=250.0;\n", "", "DISTANCE", ERROR_METADATA},
        {"TWOTHETA=-0.009", "TWOTHETA=12", "TWOTHETA", ERROR_UNSUPPORTED},
        {"PIXEL_SIZE=0.1", "PIXEL_SIZE=0", "PIXEL_SIZE", ERROR_METADATA},
        {"HEADER_BYTES= 1024", "HEADER_BYTES=   20", "HEADER_BYTES", ERROR_DAMAGED},
        {"HEADER_BYTES= 1024", "HEADER_BYTES= 9999", "ends early", ERROR_TRUNCATED},
        {"HEADER_BYTES= 1024", "HEADER_BYTES=    x", "HEADER_BYTES", ERROR_METADATA},
        {"}\f", "  ", "does not end", ERROR_TRUNCATED},
    };
    struct str file = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        changed(&file, cases[i].from, cases[i].to);
        made_fails(&file, NULL, cases[i].code, cases[i].word);
    }
    str_free(&file);
}

static void a_file_cut_anywhere_fails(void **state)
{
    (void)state;
    struct str file = {0}, part = {0};
    made_smv(&file, made_smv_header);
    for (size_t n = 1; n < file.len; n += n < 500 ? 1 : 7) {
        struct source *s = NULL;
        struct frame_buffer b = {0};
        struct frame f;
        struct error err = {0};
        str_clear(&part);
        str_addn(&part, file.text, n);
        assert_false(source_open_memory(part.text, part.len, "made", NULL, &s, &err) &&
                     source_read(s, 0, &b, &f, &err));
        assert_true(err.code == ERROR_TRUNCATED || err.code == ERROR_UNREADABLE);
        source_close(s);
        frame_buffer_free(&b);
    }
    str_free(&file);
    str_free(&part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_read_in_both_byte_orders),
        cmocka_unit_test(adsc_swaps_its_beam_centre),
        cmocka_unit_test(simulators_have_a_convention_and_an_exact_origin),
        cmocka_unit_test(an_unknown_writer_needs_a_beam_centre),
        cmocka_unit_test(headers_that_lie_are_refused),
        cmocka_unit_test(a_file_cut_anywhere_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
