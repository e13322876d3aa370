/* CBF as a whole: which header counts, and each panel's pixels out of the stored arrays. */
#include "made.h"

static void read_all(const struct source *s, struct frame_buffer *b, struct frame *f)
{
    struct error err = {0};
    if (!source_read(s, 0, b, f, &err))
        fail_msg("%s", err.fact);
}

static void pixels_of_a_mini_file_come_back_signed(void **state)
{
    (void)state;
    struct str file = {0};
    struct frame_buffer b = {0};
    struct frame f;
    made_mini(&file, made_mini_header);
    struct source *s = made_open(&file, NULL);
    read_all(s, &b, &f);
    assert_int_equal(f.type, PIXEL_I32);
    for (size_t i = 0; i < MADE_FAST * MADE_SLOW; i++)
        assert_int_equal(((const int32_t *)f.pixels)[i], made_value(i));
    assert_true(f.id.single && f.id.frame == 0);
    assert_null(f.unplaced);
    source_close(s);
    frame_buffer_free(&b);
    str_free(&file);
}

static void sections_of_an_array_become_contiguous_panels(void **state)
{
    (void)state;
    static const int32_t wanted[] = {0,  1,  4,  5,  8,  9,  2,  3,  6,  7,  10, 11,
                                     12, 13, 16, 17, 20, 21, 14, 15, 18, 19, 22, 23};
    struct str file = {0};
    struct frame_buffer b = {0};
    struct frame f;
    made_full(&file, made_full_header);
    struct source *s = made_open(&file, NULL);
    assert_string_equal(source_format(s), "imgCIF");
    read_all(s, &b, &f);
    assert_memory_equal(f.pixels, wanted, sizeof wanted);
    source_close(s);
    frame_buffer_free(&b);
    str_free(&file);
}

static void a_panel_may_run_along_other_dimensions(void **state)
{
    (void)state;
    /* S0A0 along dimensions 2 (fast) and 3 (slow) of the array, at its first column */
    static const int32_t wanted[] = {0, 4, 12, 16};
    struct str file = {0};
    struct frame_buffer b = {0};
    struct frame f;
    made_full(&file, made_full_header);
    made_change(&file, "ARR S0A0 1 2 1 increasing S0A0_F\nARR S0A0 2 3 2 increasing S0A0_S\n",
                "ARR S0A0 2 2 2 increasing S0A0_F\nARR S0A0 3 2 3 increasing S0A0_S\n");
    made_change(&file, "ARR S0A0 1 1 2\nARR S0A0 2 1 3\nARR S0A0 3 1 1\n",
                "ARR S0A0 1 1 1\nARR S0A0 2 1 2\nARR S0A0 3 1 2\n");
    struct source *s = made_open(&file, NULL);
    read_all(s, &b, &f);
    assert_memory_equal(f.pixels, wanted, sizeof wanted);
    source_close(s);
    frame_buffer_free(&b);
    str_free(&file);
}

static void a_panel_outside_its_array_is_refused(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    made_change(&file, "ARR S1A1 1 3 4\n", "ARR S1A1 1 4 5\n");
    made_fails(&file, NULL, ERROR_METADATA, "S1A1");
    made_full(&file, made_full_header);
    made_change(&file, "ARR S1A1 3 2 2\n", "ARR S1A1 3 3 3\n");
    made_fails(&file, NULL, ERROR_METADATA, "S1A1");
    str_free(&file);
}

static void a_panel_without_pixels_fails_to_read(void **state)
{
    (void)state;
    struct str file = {0};
    made_full(&file, made_full_header);
    made_change(&file, "\nARR 1\n;", "\nARX 1\n;");
    made_fails(&file, NULL, ERROR_MISSING, "S0A0");
    str_clear(&file);
    str_add(&file, made_full_header);
    made_fails(&file, NULL, ERROR_MISSING, "no pixels");
    str_free(&file);
}

static void a_file_without_either_header_is_refused(void **state)
{
    (void)state;
    struct str file = {0};
    str_add(&file, "###CBF: VERSION 1.5\n_a.b 1\n");
    made_fails(&file, NULL, ERROR_METADATA, "miniCBF");
    str_free(&file);
}

static void every_cut_and_every_spoiled_byte_is_survived(void **state)
{
    (void)state;
    struct str file = {0}, part = {0};
    struct frame_buffer b = {0};
    for (int kind = 0; kind < 2; kind++) {
        kind ? made_full(&file, made_full_header) : made_mini(&file, made_mini_header);
        for (size_t i = 0; i < file.len; i++) {
            struct source *s = NULL;
            struct frame f;
            struct error err = {0};
            str_clear(&part);
            str_addn(&part, file.text, file.len);
            part.text[i] ^= (char)(1 << i % 8);
            if (source_open_memory(part.text, part.len, "made", NULL, &s, &err))
                source_read(s, 0, &b, &f, &err);
            source_close(s);
            s = NULL;
            err = (struct error){0};
            bool ok = i > 0 && source_open_memory(file.text, i, "made", NULL, &s, &err) &&
                      source_read(s, 0, &b, &f, &err);
            if (i > 0 && !ok && !err.fact[0])
                fail_msg("cut at %zu: fails without a word", i);
            source_close(s);
        }
    }
    frame_buffer_free(&b);
    str_free(&file);
    str_free(&part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_of_a_mini_file_come_back_signed),
        cmocka_unit_test(sections_of_an_array_become_contiguous_panels),
        cmocka_unit_test(a_panel_may_run_along_other_dimensions),
        cmocka_unit_test(a_panel_outside_its_array_is_refused),
        cmocka_unit_test(a_panel_without_pixels_fails_to_read),
        cmocka_unit_test(a_file_without_either_header_is_refused),
        cmocka_unit_test(every_cut_and_every_spoiled_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
