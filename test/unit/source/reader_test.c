/* A thread's reader: frames of a mixed list in any order, failing ones among them, memory used again. */
#include "made.h"
#include "place.h"

static void write_text(const char *name, const struct str *s)
{
    struct error err;
    assert_true(fs_write_atomic(arena_printf(&arena, "%s/%s", folder, name), s->text, s->len, &err));
}

static void frames_of_a_list_are_read_in_any_order(void **state)
{
    (void)state;
    static const uint64_t order[] = {2, 0, 1, 0, 3, 2};
    static const char *const names[] = {"a.cbf", "b.cbf", "c.img", "d.cbf"};
    char *arguments[] = {folder};
    struct source_list l;
    struct error err = {0};
    assert_true(source_list_make(arguments, 1, NULL, &arena, &l, &err));
    assert_int_equal(l.n_frames, 4);
    struct source_reader r = {.list = &l};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct frame f;
        bool ok = source_reader_read(&r, order[i], &f, &err);
        assert_int_equal(ok, order[i] != 1); /* b.cbf is damaged */
        if (!ok) {
            assert_int_equal(err.code, ERROR_DAMAGED);
            continue;
        }
        assert_int_equal(f.id.source, order[i]);
        assert_string_equal(fs_name(f.id.path), names[order[i]]);
        assert_true(f.id.path[0] == '/');
        if (order[i] == 0)
            assert_int_equal(((const int32_t *)f.pixels)[7], made_value(7));
        if (order[i] == 2)
            assert_int_equal(((const uint16_t *)f.pixels)[7], 7);
        if (order[i] == 3)
            assert_int_equal(((const int32_t *)f.pixels)[2], 4);
    }
    struct frame f;
    assert_false(source_reader_read(&r, 4, &f, &err));
    assert_int_equal(err.code, ERROR_END);
    source_reader_free(&r);
    source_list_close(&l);
}

static void memory_is_used_again(void **state)
{
    (void)state;
    char *arguments[] = {arena_printf(&arena, "%s/a.cbf", folder)};
    struct source_list l;
    struct error err = {0};
    struct frame f;
    assert_true(source_list_make(arguments, 1, NULL, &arena, &l, &err));
    struct source_reader r = {.list = &l};
    assert_true(source_reader_read(&r, 0, &f, &err));
    const void *pixels = f.pixels, *content = r.open->content.data;
    for (int i = 0; i < 5; i++)
        assert_true(source_reader_read(&r, 0, &f, &err));
    assert_ptr_equal(f.pixels, pixels);
    assert_ptr_equal(r.open->content.data, content);
    source_reader_free(&r);
    source_list_close(&l);
}

static int setup(void **state)
{
    struct str file = {0};
    place_begin(state);
    made_mini(&file, made_mini_header);
    write_text("a.cbf", &file);
    made_change(&file, "X-Binary-Size: 30", "X-Binary-Size: 29");
    write_text("b.cbf", &file);
    made_smv(&file, made_smv_header);
    write_text("c.img", &file);
    made_full(&file, made_full_header);
    write_text("d.cbf", &file);
    str_free(&file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_a_list_are_read_in_any_order),
        cmocka_unit_test(memory_is_used_again),
    };
    return cmocka_run_group_tests(tests, setup, place_end);
}
