/* Binary sections: sizes, counts and checksums are statements about the same bytes; each is made to lie. */
#include "made.h"

static void a_spoiled_statement_fails_the_frame(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
        enum error_code code;
    } cases[] = {
        {"Content-MD5: ", "Content-MD5: AAAA", "", ERROR_NONE}, /* not 24 characters: no checksum, reads */
        {"Number-of-Elements: 30", "Number-of-Elements: 31", "31 elements", ERROR_DAMAGED},
        {"Fastest-Dimension: 6", "Fastest-Dimension: 7", "30 elements", ERROR_DAMAGED},
        {"Fastest-Dimension: 6", "Fastest-Dimension: 0", "dimensions", ERROR_DAMAGED},
        {"Fastest-Dimension: 6", "Fastest-Dimension: 65537", "dimensions", ERROR_DAMAGED},
        {"Fastest-Dimension: 6", "Fastest-Dimension: six", "six", ERROR_DAMAGED},
        {"X-Binary-Size: 30", "X-Binary-Size: 29", "cannot hold", ERROR_DAMAGED},
        {"X-Binary-Size: 30", "X-Binary-Size: 31", "MD5", ERROR_DAMAGED},
        {"X-Binary-Size: 30", "X-Binary-Size: 99999", "ends early", ERROR_TRUNCATED},
        {"X-Binary-Size: 30", "X-Binary-Size: 99999999999999999999", "no number", ERROR_DAMAGED},
        {"X-Binary-Size: 30", "X-Binary-Size: -1", "no number", ERROR_DAMAGED},
        {"X-Binary-Size: 30", "X-Binary-Sise: 30", "X-Binary-Size", ERROR_DAMAGED},
        {"LITTLE_ENDIAN", "BIG_ENDIAN", "BIG_ENDIAN", ERROR_UNSUPPORTED},
        {"x-CBF_BYTE_OFFSET", "x-CBF_CANONICAL", "x-CBF_CANONICAL", ERROR_UNSUPPORTED},
        {"signed 32-bit integer", "signed 12-bit integer", "12-bit", ERROR_UNSUPPORTED},
        {"x-CBF_BYTE_OFFSET", "x-CBF_PACKED", "cannot hold", ERROR_DAMAGED},
        {"\x0c\x1a\x04", "\x0c\x1a\x05", "mark bytes", ERROR_DAMAGED},
    };
    struct str file = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made_mini_changed(&file, cases[i].from, cases[i].to);
        if (cases[i].code != ERROR_NONE)
            made_fails(&file, NULL, cases[i].code, cases[i].word);
        else
            source_close(made_open(&file, NULL));
    }
    str_free(&file);
}

static void a_flipped_bit_of_the_pixels_is_seen_by_the_checksum(void **state)
{
    (void)state;
    struct str file = {0};
    made_mini(&file, made_mini_header);
    char *mark = memmem(file.text, file.len, "\x0c\x1a\x04\xd5", 4);
    for (size_t i = 0; i < 30; i++) {
        mark[4 + i] ^= 1;
        made_fails(&file, NULL, ERROR_DAMAGED, "MD5");
        mark[4 + i] ^= 1;
    }
    source_close(made_open(&file, NULL));
    str_free(&file);
}

static void names_are_of_any_case_and_continue_in_the_next_line(void **state)
{
    (void)state;
    static const char text[] = "--CIF-BINARY-FORMAT-SECTION--\ncontent-type: application/octet-stream;\n"
                               "\tconversions=x-CBF_PACKED_V2; \"uncorrelated_sections\"\nx-binary-size: 3\n"
                               "X-BINARY-SIZE-FASTEST-DIMENSION: 17\n\n\x0c\x1a\x04\xd5"
                               "abcdef";
    struct cbf_section s;
    struct error err = {0};
    size_t used;
    assert_true(cbf_section_parse((const uint8_t *)text, sizeof text - 1, "made", &s, &used, &err));
    assert_int_equal(s.size, 3);
    assert_int_equal(s.available, 3);
    assert_memory_equal(s.data, "abc", 3);
    assert_int_equal(s.size_of[0], 17);
    assert_int_equal(s.size_of[1], 1);
    assert_string_equal(s.conversions, "x-CBF_PACKED_V2; uncorrelated_sections");
    assert_memory_equal(text + used, "def", 3);
}

static void plain_numbers_keep_their_type(void **state)
{
    (void)state;
    const uint16_t values[4] = {1, 2, 65535, 4};
    struct cbf_section s = {.data = (const uint8_t *)values,
                            .size = 8,
                            .available = 8,
                            .size_of = {2, 2, 1},
                            .element_type = "unsigned 16-bit integer"};
    size_t size_of[3];
    enum pixel_type type;
    struct error err = {0};
    uint16_t out[4];
    assert_true(cbf_section_shape(&s, "made", size_of, &type, &err));
    assert_int_equal(type, PIXEL_U16);
    assert_true(cbf_section_decode(&s, "made", out, &err));
    assert_memory_equal(out, values, 8);
}

static void a_header_cut_anywhere_is_truncated(void **state)
{
    (void)state;
    struct str file = {0};
    made_mini(&file, made_mini_header);
    char *from = memmem(file.text, file.len, "--CIF-BINARY", 12),
         *mark = memmem(file.text, file.len, "\x0c\x1a\x04\xd5", 4);
    for (size_t n = 0; n < (size_t)(mark - from) + 4; n++) {
        uint8_t *copy = malloc(n + 1);
        memcpy(copy, from, n);
        struct cbf_section s;
        struct error err = {0};
        size_t used;
        assert_false(cbf_section_parse(copy, n, "made", &s, &used, &err));
        assert_int_equal(err.code, ERROR_TRUNCATED);
        free(copy);
    }
    str_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spoiled_statement_fails_the_frame),
        cmocka_unit_test(a_flipped_bit_of_the_pixels_is_seen_by_the_checksum),
        cmocka_unit_test(names_are_of_any_case_and_continue_in_the_next_line),
        cmocka_unit_test(plain_numbers_keep_their_type),
        cmocka_unit_test(a_header_cut_anywhere_is_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
