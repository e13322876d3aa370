/* recipe_files_test.c - what a recipe reads from files reaches other ranks as bytes: the same recipe without the files. */
#include "one_frame.h"

#include <string.h>

static void write_mask(const char *name)
{
    struct error err = {0};
    struct str s = {0};
    str_printf(&s, "XFELXMASK1\n%d %d\n\n", FRAME_SIDE, FRAME_SIDE);
    for (int i = 0; i < FRAME_SIDE * FRAME_SIDE; i++)
        str_addc(&s, (char)(i % 7 != 0));
    assert_true(fs_write_atomic(path_of(name), s.text, s.len, &err));
    str_free(&s);
}

/* A gain of 2, and one pixel without. */
static void write_map(const char *name)
{
    struct error err = {0};
    struct str s = {0};
    char header[128];
    int n = snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }",
                     FRAME_SIDE, FRAME_SIDE);
    str_addn(&s, "\x93NUMPY\1\0", 8);
    str_addc(&s, (char)n);
    str_addc(&s, 0);
    str_addn(&s, header, (size_t)n);
    for (int i = 0; i < FRAME_SIDE * FRAME_SIDE; i++) {
        float gain = i == 5 ? 0 : 2;
        str_addn(&s, (const char *)&gain, sizeof gain);
    }
    assert_true(fs_write_atomic(path_of(name), s.text, s.len, &err));
    str_free(&s);
}

/* A recipe with masks, maps and a .geom, attached to a frame, as bytes. */
static void pack(struct str *out)
{
    struct error err = {0};
    struct source *s;
    static const char geom[] = "clen = 0.1\n";
    write_mask("m.raw");
    assert_true(fs_write_atomic(path_of("d.geom"), geom, sizeof geom - 1, &err));
    frame_with_spots(path_of("a.img"), 3);
    set(arena_printf(&arena, "spotfinder.lookup.mask=%s/m.raw", folder));
    set(arena_printf(&arena, "integration.lookup.mask=%s/m.raw", folder));
    set(arena_printf(&arena, "xfelx.geometry.file=%s/d.geom", folder));
    write_map("gain.npy");
    assert_true(fs_write_atomic(path_of("pedestal.txt"), "12.5\n", 5, &err));
    set(arena_printf(&arena, "xfelx.detector.gain_map=%s/gain.npy", folder));
    set(arena_printf(&arena, "xfelx.detector.pedestal_map=%s/pedestal.txt", folder));
    assert_true(recipe_make(params, &arena, &recipe, &err));
    assert_true(source_open(path_of("a.img"), NULL, &s, &err));
    assert_true(recipe_attach(recipe, source_detector(s), &arena, &err));
    source_close(s);
    recipe_pack(recipe, out);
}

static void the_same_recipe_comes_out_without_the_files(void **state)
{
    (void)state;
    struct error err = {0};
    struct str s = {0};
    struct recipe *other;
    pack(&s);
    support_remove(folder);
    struct unwire in = {(const uint8_t *)s.text, (const uint8_t *)s.text + s.len, false};
    if (!recipe_unpack(params, &in, &arena, &other, &err))
        fail_msg("%s", err.fact);
    assert_ptr_equal(in.at, in.end);
    assert_string_equal(other->hash_hex, recipe->hash_hex);
    assert_string_equal(other->text, recipe->text);
    assert_int_equal(other->mask_pixels, FRAME_SIDE * FRAME_SIDE);
    assert_memory_equal(other->mask_spots, recipe->mask_spots, other->mask_pixels);
    assert_memory_equal(other->mask_integration, recipe->mask_integration, other->mask_pixels);
    assert_int_equal(other->source.geometry_size, recipe->source.geometry_size);
    assert_memory_equal(other->source.geometry_text, "clen", 4);
    assert_memory_equal(other->gain.pixels, recipe->gain.pixels, 4 * other->mask_pixels);
    assert_true(other->gain.pixels[4] == 2 && other->pedestal.panels[0] == 12.5 && !other->pedestal.pixels);
    assert_true(other->calibrated[4] == 1 && other->calibrated[5] == 0);
    str_free(&s);
}

static void bytes_cut_anywhere_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct str s = {0};
    struct recipe *other;
    pack(&s);
    for (size_t cut = 0; cut < s.len; cut += 1 + cut / 8) {
        struct unwire in = {(const uint8_t *)s.text, (const uint8_t *)s.text + cut, false};
        assert_false(recipe_unpack(params, &in, &arena, &other, &err));
        assert_int_equal(err.code, ERROR_INTERNAL);
    }
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_same_recipe_comes_out_without_the_files),
        CASE(bytes_cut_anywhere_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
