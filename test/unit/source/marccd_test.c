/* MarCCD on a synthetic file made from the table of offsets (no file of a camera was at hand). */
#include "made.h"

static void put(struct str *s, size_t at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        s->text[1024 + at + (size_t)i] = (char)(value >> 8 * i);
}

static void make(struct str *s)
{
    str_clear(s);
    str_addn(s, "II*\0", 4);
    while (s->len < 4096)
        str_addc(s, 0);
    put(s, 28, 1234);
    put(s, 80, 4);
    put(s, 84, 3);
    put(s, 88, 2);
    put(s, 104, 65000);
    put(s, 640, 150000);
    put(s, 644, 2500);
    put(s, 648, 1000);
    put(s, 772, 80000);
    put(s, 776, 80000);
    put(s, 908, 97800);
    for (int i = 0; i < 12; i++) {
        str_addc(s, (char)i);
        str_addc(s, 1);
    }
}

static void fields_are_taken_from_their_offsets(void **state)
{
    (void)state;
    struct str file = {0};
    struct frame_buffer b = {0};
    struct frame f;
    struct error err = {0};
    make(&file);
    struct source *s = made_open(&file, NULL);
    const struct panel *p = &source_detector(s)->panels[0];
    assert_string_equal(source_format(s), "MarCCD");
    made_near(p->origin[0], -2.5 * 0.08);
    made_near(p->origin[1], 0.08);
    made_near(p->origin[2], -150);
    made_near(source_beam(s)->v.wavelength, 0.978);
    made_near(p->trusted_hi, 64999);
    assert_true(source_read(s, 0, &b, &f, &err));
    assert_int_equal(((const uint16_t *)f.pixels)[11], 256 + 11);
    size_t n;
    assert_non_null(strstr(source_notes(s, &n)[0], "not verified"));
    source_close(s);
    frame_buffer_free(&b);
    str_free(&file);
}

static void what_is_missing_or_cut_is_refused(void **state)
{
    (void)state;
    struct str file = {0};
    make(&file);
    put(&file, 640, 0);
    made_fails(&file, NULL, ERROR_METADATA, "distance");
    make(&file);
    put(&file, 644, 0);
    put(&file, 648, 0);
    made_fails(&file, NULL, ERROR_METADATA, "beam centre");
    make(&file);
    put(&file, 908, 0);
    made_fails(&file, NULL, ERROR_METADATA, "wavelength");
    make(&file);
    put(&file, 772, 0);
    made_fails(&file, NULL, ERROR_METADATA, "pixels");
    make(&file);
    put(&file, 80, 0x7fffffff);
    made_fails(&file, NULL, ERROR_METADATA, "image");
    make(&file);
    file.len--;
    made_fails(&file, NULL, ERROR_TRUNCATED, "ends early");
    file.len = 4000;
    made_fails(&file, NULL, ERROR_UNREADABLE, "none of the image formats");
    str_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_taken_from_their_offsets),
        cmocka_unit_test(what_is_missing_or_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
