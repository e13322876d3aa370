/* refl_test.c - reflection tables, byte for byte. */
#include "frames.h"

#include "sink/refl.h"

static struct arena memory;
static struct kept_detector detector;

static int setup(void **state)
{
    (void)state;
    detector = (struct kept_detector){.detector = frames_detector(&memory, 100)};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&memory);
    return 0;
}

/* What DIALS writes for a table of one row with these five columns (FORMATS 2.8). */
static const uint8_t example[303] = {
    // clang-format off
    0x93, 0xbb, 0x64, 0x69, 0x61, 0x6c, 0x73, 0x3a, 0x3a, 0x61, 0x66, 0x3a, 0x3a, 0x72, 0x65, 0x66,
    0x6c, 0x65, 0x63, 0x74, 0x69, 0x6f, 0x6e, 0x5f, 0x74, 0x61, 0x62, 0x6c, 0x65, 0x01, 0x83, 0xab,
    0x69, 0x64, 0x65, 0x6e, 0x74, 0x69, 0x66, 0x69, 0x65, 0x72, 0x73, 0x81, 0x00, 0xd9, 0x24, 0x39,
    0x34, 0x39, 0x61, 0x63, 0x30, 0x33, 0x37, 0x2d, 0x31, 0x66, 0x65, 0x64, 0x2d, 0x38, 0x38, 0x64,
    0x66, 0x2d, 0x38, 0x64, 0x36, 0x33, 0x2d, 0x30, 0x36, 0x66, 0x66, 0x66, 0x35, 0x66, 0x64, 0x32,
    0x66, 0x63, 0x31, 0xa5, 0x6e, 0x72, 0x6f, 0x77, 0x73, 0x01, 0xa4, 0x64, 0x61, 0x74, 0x61, 0x85,
    0xa5, 0x66, 0x6c, 0x61, 0x67, 0x73, 0x92, 0xab, 0x73, 0x74, 0x64, 0x3a, 0x3a, 0x73, 0x69, 0x7a,
    0x65, 0x5f, 0x74, 0x92, 0x01, 0xc4, 0x08, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa2,
    0x69, 0x64, 0x92, 0xa3, 0x69, 0x6e, 0x74, 0x92, 0x01, 0xc4, 0x04, 0x00, 0x00, 0x00, 0x00, 0xac,
    0x6d, 0x69, 0x6c, 0x6c, 0x65, 0x72, 0x5f, 0x69, 0x6e, 0x64, 0x65, 0x78, 0x92, 0xb6, 0x63, 0x63,
    0x74, 0x62, 0x78, 0x3a, 0x3a, 0x6d, 0x69, 0x6c, 0x6c, 0x65, 0x72, 0x3a, 0x3a, 0x69, 0x6e, 0x64,
    0x65, 0x78, 0x3c, 0x3e, 0x92, 0x01, 0xc4, 0x0c, 0x01, 0x00, 0x00, 0x00, 0xfe, 0xff, 0xff, 0xff,
    0x03, 0x00, 0x00, 0x00, 0xa5, 0x70, 0x61, 0x6e, 0x65, 0x6c, 0x92, 0xab, 0x73, 0x74, 0x64, 0x3a,
    0x3a, 0x73, 0x69, 0x7a, 0x65, 0x5f, 0x74, 0x92, 0x01, 0xc4, 0x08, 0x01, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xa7, 0x73, 0x68, 0x6f, 0x65, 0x62, 0x6f, 0x78, 0x92, 0xa9, 0x53, 0x68, 0x6f,
    0x65, 0x62, 0x6f, 0x78, 0x3c, 0x3e, 0x92, 0x01, 0xc4, 0x35, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00,
    0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x15, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0xe0, 0x40, 0x00, 0x00, 0x10, 0x41, 0x05,
    0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    // clang-format on
};

/* Where its pieces begin; the byte before `flags` is the number of columns, which ours has more of. */
enum {
    AT_COUNT = 0x5f,
    AT_FLAGS = 0x60,
    AT_ID = 0x7f,
    AT_MILLER = 0x8f,
    AT_PANEL = 0xc4,
    AT_SHOEBOX = 0xe3,
    AT_END = 303
};

static void holds_piece(const struct str *s, size_t from, size_t to)
{
    if (!memmem(s->text, s->len, example + from, to - from))
        fail_msg("bytes %zu to %zu of the example are missing", from, to);
}

static void one_row_has_the_bytes_that_dials_writes(void **state)
{
    (void)state;
    struct kept_frame *f = frames_kept(&memory, 0, 0, 1, &detector);
    struct error err = {0};
    struct str s = {0};
    f->path = "toy.h5";
    f->n_indexed = 1;
    ((struct reflection *)(uintptr_t)f->indexed)->flags = REFL_STRONG;
    ((struct spot *)(uintptr_t)f->spots)->panel = 0; /* the example's box and row disagree */
    struct table *t = table_make(&memory, TABLE_INDEXED, &f, 1, "params");
    assert_true(refl_bytes(t, true, &s, &err));
    assert_memory_equal(s.text, example, AT_COUNT);
    assert_int_equal((uint8_t)s.text[AT_COUNT], 0xde); /* 24 columns need the longer header */
    assert_int_equal(s.text[AT_COUNT + 2], 24);
    holds_piece(&s, AT_FLAGS, AT_ID);
    holds_piece(&s, AT_ID, AT_MILLER);
    holds_piece(&s, AT_MILLER, AT_PANEL);
    holds_piece(&s, AT_PANEL, AT_SHOEBOX);
    holds_piece(&s, AT_SHOEBOX, AT_END);
    str_free(&s);
}

/* ---- a small reader of what was written */

struct cursor {
    const uint8_t *at, *end;
};

static uint64_t take_be(struct cursor *c, size_t n)
{
    uint64_t v = 0;
    assert_true((size_t)(c->end - c->at) >= n);
    while (n-- > 0)
        v = v << 8 | *c->at++;
    return v;
}

/* Length of a container, text, bytes, or a whole number: the tests know what stands where. */
static uint64_t take_head(struct cursor *c)
{
    uint8_t tag = (uint8_t)take_be(c, 1);
    if (tag < 0x80)
        return tag;
    if (tag < 0xa0)
        return tag & 15;
    if (tag < 0xc0)
        return tag & 31;
    switch (tag) {
    case 0xc4:
    case 0xcc:
    case 0xd9:
        return take_be(c, 1);
    case 0xc5:
    case 0xcd:
    case 0xda:
    case 0xdc:
    case 0xde:
        return take_be(c, 2);
    case 0xc6:
    case 0xce:
    case 0xdb:
    case 0xdd:
    case 0xdf:
        return take_be(c, 4);
    default:
        fail_msg("unexpected tag %02x", tag);
        return 0;
    }
}

static const char *take_text(struct cursor *c, char out[64])
{
    size_t n = take_head(c);
    if (n >= 64 || (size_t)(c->end - c->at) < n) {
        fail_msg("a text of %zu bytes", n);
        return "";
    }
    memcpy(out, c->at, n);
    out[n] = 0;
    c->at += n;
    return out;
}

struct found {
    char type[64];
    const uint8_t *bytes;
    uint64_t rows, size;
};

/* Find a column; checks on the way that names ascend and that nothing is left at the end. NULL type: not there. */
static bool find_column(const struct str *s, const char *wanted, struct found *out)
{
    struct cursor c = {(const uint8_t *)s->text, (const uint8_t *)s->text + s->len};
    char text[64], before[64] = "";
    bool there = false;
    assert_int_equal(take_head(&c), 3);
    take_text(&c, text);
    assert_int_equal(take_head(&c), 1);
    assert_int_equal(take_head(&c), 3);
    take_text(&c, text);
    for (uint64_t n = take_head(&c); n > 0; n--)
        take_head(&c), take_text(&c, text);
    take_text(&c, text);
    uint64_t rows = take_head(&c);
    take_text(&c, text);
    for (uint64_t n = take_head(&c); n > 0; n--) {
        struct found f;
        take_text(&c, text);
        assert_true(strcmp(before, text) < 0);
        strcpy(before, text);
        assert_int_equal(take_head(&c), 2);
        take_text(&c, f.type);
        assert_int_equal(take_head(&c), 2);
        f.rows = take_head(&c);
        f.size = take_head(&c);
        f.bytes = c.at;
        assert_int_equal(f.rows, rows);
        assert_true((uint64_t)(c.end - c.at) >= f.size);
        c.at += f.size;
        if (!strcmp(text, wanted))
            *out = f, there = true;
    }
    assert_true(c.at == c.end);
    return there;
}

static struct str bytes_of(enum table_kind kind, bool shoeboxes)
{
    struct kept_frame *frames[] = {frames_kept(&memory, 0, 0, 2, &detector),
                                   frames_kept(&memory, 0, 1, 1, &detector)};
    struct error err = {0};
    struct str s = {0};
    assert_true(refl_bytes(table_make(&memory, kind, frames, 2, "hash"), shoeboxes, &s, &err));
    return s;
}

static void columns_and_types_are_those_of_each_stage(void **state)
{
    (void)state;
    static const struct {
        const char *name, *type;
        bool strong, indexed, integrated;
    } expected[] = {
        // clang-format off
        {"background.dispersion", "double", 0, 0, 1}, {"background.mean", "double", 0, 0, 1},
        {"background.mse", "double", 0, 0, 1}, {"background.sum.value", "double", 0, 0, 1},
        {"background.sum.variance", "double", 0, 0, 1}, {"bbox", "int6", 1, 1, 1}, {"d", "double", 0, 0, 1},
        {"delpsical.rad", "double", 0, 1, 1}, {"delpsical2", "double", 0, 1, 0}, {"entering", "bool", 0, 1, 1},
        {"flags", "std::size_t", 1, 1, 1}, {"id", "int", 1, 1, 1}, {"imageset_id", "int", 0, 1, 0},
        {"intensity.sum.value", "double", 1, 1, 1}, {"intensity.sum.variance", "double", 1, 1, 1},
        {"miller_index", "cctbx::miller::index<>", 0, 1, 1}, {"num_pixels.background", "int", 0, 0, 1},
        {"num_pixels.background_used", "int", 0, 0, 1}, {"num_pixels.foreground", "int", 0, 0, 1},
        {"num_pixels.valid", "int", 0, 0, 1}, {"panel", "std::size_t", 1, 1, 1}, {"partial_id", "std::size_t", 0, 0, 1},
        {"partiality", "double", 0, 0, 1}, {"rlp", "vec3<double>", 0, 1, 0}, {"s1", "vec3<double>", 0, 1, 1},
        {"shoebox", "Shoebox<>", 1, 1, 0}, {"x_resid", "double", 0, 1, 0}, {"x_resid2", "double", 0, 1, 0},
        {"xyzcal.mm", "vec3<double>", 0, 1, 1}, {"xyzcal.px", "vec3<double>", 0, 1, 1},
        {"xyzobs.mm.value", "vec3<double>", 0, 1, 1}, {"xyzobs.mm.variance", "vec3<double>", 0, 1, 1},
        {"xyzobs.px.value", "vec3<double>", 1, 1, 1}, {"xyzobs.px.variance", "vec3<double>", 1, 1, 1},
        {"y_resid", "double", 0, 1, 0}, {"y_resid2", "double", 0, 1, 0},
        // clang-format on
    };
    struct str tables[3] = {bytes_of(TABLE_STRONG, true), bytes_of(TABLE_INDEXED, true),
                            bytes_of(TABLE_INTEGRATED, true)};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const bool wanted[3] = {expected[i].strong, expected[i].indexed, expected[i].integrated};
        for (int k = 0; k < 3; k++) {
            struct found f;
            if (find_column(&tables[k], expected[i].name, &f) != wanted[k])
                fail_msg("%s in table %d", expected[i].name, k);
            if (wanted[k])
                assert_string_equal(f.type, expected[i].type);
        }
    }
    for (int k = 0; k < 3; k++)
        str_free(&tables[k]);
}

static double real_at(const struct found *f, size_t i)
{
    double v;
    memcpy(&v, f->bytes + 8 * i, 8);
    return v;
}

static int32_t int_at(const struct found *f, size_t i)
{
    int32_t v;
    memcpy(&v, f->bytes + 4 * i, 4);
    return v;
}

static void rows_name_their_experiment_and_image(void **state)
{
    (void)state;
    struct str s = bytes_of(TABLE_INDEXED, false);
    struct found f;
    static const int32_t id[6] = {0, 0, 1, 1, 2, 2}, imageset[6] = {0, 0, 0, 0, 1, 1};
    assert_true(find_column(&s, "id", &f) && f.rows == 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(int_at(&f, i), id[i]);
    assert_true(find_column(&s, "imageset_id", &f));
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(int_at(&f, i), imageset[i]);
    assert_false(find_column(&s, "shoebox", &f));
    assert_true(find_column(&s, "miller_index", &f));
    assert_int_equal(int_at(&f, 3), 2); /* h of the second row */
    str_free(&s);
}

static void third_components_of_stills_are_as_dials_has_them(void **state)
{
    (void)state;
    struct found f;
    struct str s = bytes_of(TABLE_STRONG, false);
    assert_true(find_column(&s, "xyzobs.px.value", &f));
    assert_true(real_at(&f, 0) == 11.0625 && real_at(&f, 1) == 20.5 && real_at(&f, 2) == 0);
    assert_true(find_column(&s, "xyzobs.px.variance", &f));
    assert_true(real_at(&f, 0) == 0.1 && real_at(&f, 1) == 0.2 && real_at(&f, 2) == 1.0 / 12);
    assert_true(find_column(&s, "bbox", &f));
    assert_true(int_at(&f, 0) == 10 && int_at(&f, 3) == 21 && int_at(&f, 4) == 0 && int_at(&f, 5) == 1);
    str_free(&s);
    s = bytes_of(TABLE_INTEGRATED, false);
    assert_true(find_column(&s, "xyzobs.px.value", &f));
    assert_true(real_at(&f, 0) == 11.25 && real_at(&f, 2) == 0.5);
    assert_true(find_column(&s, "partiality", &f) && real_at(&f, 5) == 1);
    assert_true(find_column(&s, "xyzcal.mm", &f) && real_at(&f, 1) == 2.05 && real_at(&f, 2) == 0);
    str_free(&s);
    s = bytes_of(TABLE_INDEXED, false);
    assert_true(find_column(&s, "x_resid", &f) && real_at(&f, 0) == 1.1 - 1.125);
    assert_true(find_column(&s, "y_resid2", &f) && real_at(&f, 0) == 0);
    assert_true(find_column(&s, "delpsical2", &f) && real_at(&f, 0) == 0.001 * 0.001);
    str_free(&s);
}

static void a_column_beyond_4_gib_is_refused_before_memory_is_asked_for(void **state)
{
    (void)state;
    struct kept_frame *f = frames_kept(&memory, 0, 0, 1, &detector);
    struct error err = {0};
    struct str s = {0};
    struct table *t = table_make(&memory, TABLE_INTEGRATED, &f, 1, "hash");
    t->n_rows = ((size_t)1 << 32) / 24 + 1; /* one more than a column of vectors can hold */
    assert_false(refl_bytes(t, false, &s, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_null(s.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_row_has_the_bytes_that_dials_writes),
        cmocka_unit_test(columns_and_types_are_those_of_each_stage),
        cmocka_unit_test(rows_name_their_experiment_and_image),
        cmocka_unit_test(a_column_beyond_4_gib_is_refused_before_memory_is_asked_for),
        cmocka_unit_test(third_components_of_stills_are_as_dials_has_them),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
