/* The helper's answers as bytes: what is written is read back, and nothing hostile gets through. */
#include "source/h5_message.h"

#include "support.h"

#include <string.h>

static struct arena arena;

/* Two arrays (one with a fault), one image of both, a chain of two axes, a module, values and texts. */
static struct h5_description sample(void)
{
    static struct h5_chunk chunks[3] = {{100, 10, 0}, {0, 0, 0}, {300, 12, 1}};
    static struct h5_array arrays[2] = {
        {.path = "/a.h5",
         .dataset = "/d",
         .fault = "",
         .layout = H5_CHUNKED,
         .type = PIXEL_U16,
         .swap = 1,
         .order = {H5_MODULE, H5_FRAME, H5_SLOW, H5_FAST},
         .extent = {3, 1, 4, 5},
         .chunk = {1, 1, 4, 5},
         .n_filters = 1,
         .filters = {{32008, 5, {0, 3, 2, 0, 2}}},
         .n_chunks = 3,
         .chunks = chunks},
        {.path = "/b.h5", .dataset = "/d", .fault = "it is not there", .fault_code = ERROR_MISSING},
    };
    static struct h5_piece pieces[2] = {
        {0, {0, 0, 0, 0}, {0, 0, 0, 0}, {3, 1, 4, 5}},
        {1, {3, 0, 0, 0}, {0, 0, 0, 0}, {1, 1, 1, 1}},
    };
    static struct h5_image images[1] = {
        {.name = "/entry/data", .extent = {4, 1, 4, 5}, .n_pieces = 2, .pieces = pieces}};
    static double wave[4] = {1, 1.1, 1.2, 1.3};
    static struct h5_value values[1] = {{"wavelength", "angstrom", 4, wave}};
    static struct h5_text texts[1] = {{"sensor_material", "Si"}};
    static struct h5_axis axes[2] = {
        {.path = "/x",
         .depends_on = 1,
         .unit = "mm",
         .offset_unit = "",
         .component = "q",
         .value = 3,
         .vector = {1, 0, 0}},
        {.path = "/z",
         .depends_on = -1,
         .rotation = 1,
         .unit = "deg",
         .offset_unit = "",
         .component = "",
         .vector = {0, 0, 1}},
    };
    static struct h5_module modules[1] = {{"/m", 2, 2, {0, 0, 0}, {4, 5, 0}, 0, 1}};
    static const char *notes[1] = {"a remark"};
    return (struct h5_description){"NXmx", 2,      1,      1,     1,    2,       1,    1,
                                   arrays, images, values, texts, axes, modules, notes};
}

static bool read_back(const struct str *s, struct h5_description *d, struct error *err)
{
    return h5_description_read((const uint8_t *)s->text, s->len, "x.h5", &arena, d, err);
}

static void a_description_comes_back_as_it_was(void **state)
{
    (void)state;
    struct h5_description d = sample(), got;
    struct str one = {0}, two = {0};
    struct error err = {0};
    h5_description_write(&d, &one);
    if (!read_back(&one, &got, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    h5_description_write(&got, &two);
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.text, two.text, one.len);
    assert_true(got.images[0].reach[0] == 3 && got.images[0].reach[1] == 4);
    assert_true(h5_value_find(&got, "wavelength")->v[3] == 1.3);
    assert_string_equal(h5_text_find(&got, "sensor_material"), "Si");
    assert_null(h5_value_find(&got, "none"));
    str_free(&one);
    str_free(&two);
}

static void a_request_comes_back_as_it_was(void **state)
{
    (void)state;
    struct h5_wanted wanted = {.path = "/tag-%/data", .use = 3, .n_roles = 2, .roles = {H5_SLOW, H5_FAST}};
    const char *values[] = {"/a", "/b"};
    struct h5_request q = {H5_ASK_PATHS, "/f.h5", 1, &wanted, 2, values}, got;
    struct str s = {0};
    h5_request_write(&q, &s);
    assert_true(h5_request_read((const uint8_t *)s.text, s.len, &arena, &got, NULL));
    assert_string_equal(got.images[0].path, "/tag-%/data");
    assert_true(got.images[0].n_roles == 2 && got.images[0].roles[1] == H5_FAST && got.n_values == 2);
    for (size_t n = 0; n < s.len; n++)
        assert_false(h5_request_read((const uint8_t *)s.text, n, &arena, &got, NULL));
    str_free(&s);
}

static void every_shortened_answer_is_refused(void **state)
{
    (void)state;
    struct h5_description d = sample(), got;
    struct str s = {0};
    struct error err = {0};
    h5_description_write(&d, &s);
    for (size_t n = 0; n < s.len; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        memcpy(exact, s.text, n);
        assert_false(h5_description_read(exact, n, "x.h5", &arena, &got, &err));
        assert_int_equal(err.code, ERROR_DAMAGED);
        free(exact);
    }
    str_addc(&s, 'x');
    assert_false(read_back(&s, &got, &err));
    assert_non_null(strstr(err.detail, "left over"));
    str_free(&s);
}

/* Each hostile number in turn: refused, with a word about it. */
static void hostile_numbers_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t offset; /* in struct h5_array, h5_piece, h5_image, h5_axis, h5_module */
        int where;     /* 0 array, 1 piece, 2 image, 3 axis, 4 module */
        uint64_t value;
        size_t bytes;
    } numbers[] = {
        {offsetof(struct h5_array, type), 0, PIXEL_TYPES, 4},
        {offsetof(struct h5_array, layout), 0, 9, 4},
        {offsetof(struct h5_array, order), 0, H5_FAST, 4},
        {offsetof(struct h5_array, order), 0, 77, 4},
        {offsetof(struct h5_array, extent), 0, 4, 8},
        {offsetof(struct h5_array, extent) + 16, 0, 1 << 20, 8},
        {offsetof(struct h5_array, chunk), 0, 0, 8},
        {offsetof(struct h5_array, chunk), 0, UINT64_MAX, 8},
        {offsetof(struct h5_array, chunk) + 8, 0, 1 << 17, 8},
        {offsetof(struct h5_piece, array), 1, 2, 4},
        {offsetof(struct h5_piece, at), 1, UINT64_MAX, 8},
        {offsetof(struct h5_piece, from), 1, 1, 8},
        {offsetof(struct h5_piece, size), 1, 0, 8},
        {offsetof(struct h5_piece, size) + 24, 1, UINT64_MAX - 2, 8},
        {offsetof(struct h5_image, extent), 2, 200000000, 8},
        {offsetof(struct h5_image, extent) + 24, 2, 0, 8},
        {offsetof(struct h5_axis, depends_on), 3, 2, 4},
        {offsetof(struct h5_axis, depends_on), 3, 0x80000000, 4},
        {offsetof(struct h5_module, fast), 4, 2, 4},
        {offsetof(struct h5_module, n_size), 4, 1000, 4},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct h5_description d = sample(), got;
        void *parts[] = {d.arrays, d.images[0].pieces, d.images, d.axes, d.modules};
        size_t sizes[] = {sizeof *d.arrays, sizeof *d.images[0].pieces, sizeof *d.images, sizeof *d.axes,
                          sizeof *d.modules};
        char keep[1024];
        struct str s = {0};
        struct error err = {0};
        void *part = parts[numbers[i].where];
        memcpy(keep, part, sizes[numbers[i].where]);
        memcpy((char *)part + numbers[i].offset, &numbers[i].value, numbers[i].bytes);
        h5_description_write(&d, &s);
        memcpy(part, keep, sizes[numbers[i].where]);
        if (read_back(&s, &got, &err))
            fail_msg("number %zu was taken", i);
        assert_true(err.detail[0] != '\0');
        str_free(&s);
    }
}

static void any_changed_byte_is_refused_or_harmless(void **state)
{
    (void)state;
    struct h5_description d = sample(), got;
    struct str s = {0};
    h5_description_write(&d, &s);
    for (size_t i = 0; i < s.len; i++) {
        static const uint8_t flips[] = {0x01, 0x80, 0xff};
        for (size_t k = 0; k < sizeof flips; k++) {
            struct arena a = {0};
            s.text[i] = (char)((uint8_t)s.text[i] ^ flips[k]);
            h5_description_read((const uint8_t *)s.text, s.len, "x.h5", &a, &got, NULL);
            s.text[i] = (char)((uint8_t)s.text[i] ^ flips[k]);
            arena_free(&a);
        }
    }
    assert_true(read_back(&s, &got, NULL));
    str_free(&s);
}

static void pieces_are_sorted_by_frame(void **state)
{
    (void)state;
    struct h5_piece pieces[3] = {
        {0, {5}, {0}, {2, 1, 1, 1}}, {1, {0}, {0}, {9, 1, 1, 1}}, {2, {2}, {0}, {1, 1, 1, 1}}};
    struct h5_image m = {.extent = {9, 1, 1, 1}, .n_pieces = 3, .pieces = pieces};
    h5_image_sort(&m, &arena);
    assert_true(m.pieces[0].array == 1 && m.pieces[1].array == 2 && m.pieces[2].array == 0);
    assert_true(m.reach[0] == 9 && m.reach[1] == 9 && m.reach[2] == 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_description_comes_back_as_it_was),
        cmocka_unit_test(a_request_comes_back_as_it_was),
        cmocka_unit_test(every_shortened_answer_is_refused),
        cmocka_unit_test(hostile_numbers_are_refused),
        cmocka_unit_test(any_changed_byte_is_refused_or_harmless),
        cmocka_unit_test(pieces_are_sorted_by_frame),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
