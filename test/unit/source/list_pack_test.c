/* list_pack_test.c - a list that came as bytes gives the same frames; what vanished meanwhile fails by name. */
#include "frames.h"
#include "place.h"

#include <string.h>

static struct source_list unpacked(const struct str *s)
{
    struct error err = {0};
    struct source_list l;
    struct unwire in = {(const uint8_t *)s->text, (const uint8_t *)s->text + s->len, false};
    if (!source_list_unpack(&in, NULL, &arena, &l, &err))
        fail_msg("%s", err.fact);
    assert_ptr_equal(in.at, in.end);
    return l;
}

static void the_same_frames_come_out(void **state)
{
    (void)state;
    struct error err = {0};
    frame_with_spots(in_folder("b.img"), 3);
    frame_with_spots(in_folder("a.img"), 3);
    char *arguments[] = {folder, in_folder("none.h5")};
    struct source_list l, m;
    struct str s = {0};
    assert_true(source_list_make(arguments, 2, NULL, &arena, &l, &err));
    source_list_pack(&l, &s);
    m = unpacked(&s);
    assert_int_equal(m.n_sources, l.n_sources);
    assert_int_equal(m.n_frames, l.n_frames);
    for (size_t i = 0; i < l.n_sources; i++) {
        const struct source_entry *x = l.sources + i, *y = m.sources + i;
        assert_string_equal(x->path, y->path);
        assert_string_equal(x->recorded, y->recorded);
        assert_int_equal(x->n_frames, y->n_frames);
        assert_int_equal(x->first, y->first);
        assert_int_equal(x->container, y->container);
        assert_int_equal(x->error != NULL, y->error != NULL);
    }
    assert_string_equal(l.sources[l.n_sources - 1].error->fact, m.sources[l.n_sources - 1].error->fact);
    str_free(&s);
    source_list_close(&l);
    source_list_close(&m);
}

static void a_container_that_is_gone_fails_by_name(void **state)
{
    (void)state;
    struct source_entry e = {
        .path = "/nowhere/run.h5", .recorded = "/nowhere/run.h5", .n_frames = 5, .container = true};
    struct source_list l = {.n_sources = 1, .sources = &e, .n_frames = 5};
    struct str s = {0};
    source_list_pack(&l, &s);
    struct source_list m = unpacked(&s);
    struct source_reader r = {.list = &m};
    struct frame frame;
    struct error err = {0};
    assert_int_equal(m.n_frames, 5);
    for (uint64_t i = 3; i < 5; i++) { /* not tried again */
        assert_false(source_reader_read(&r, i, &frame, &err));
        assert_non_null(strstr(err.fact, "run.h5"));
    }
    source_reader_free(&r);
    source_list_close(&m);
    str_free(&s);
}

static void bytes_cut_anywhere_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct source_entry e = {.path = "a.cbf", .recorded = "/a.cbf", .n_frames = 1};
    struct source_list l = {.n_sources = 1, .sources = &e, .n_frames = 1}, m;
    struct str s = {0};
    source_list_pack(&l, &s);
    for (size_t cut = 0; cut < s.len; cut++) {
        struct unwire in = {(const uint8_t *)s.text, (const uint8_t *)s.text + cut, false};
        assert_false(source_list_unpack(&in, NULL, &arena, &m, &err));
    }
    memset(s.text, 0xff, 8); /* more sources than bytes */
    struct unwire in = {(const uint8_t *)s.text, (const uint8_t *)s.text + s.len, false};
    assert_false(source_list_unpack(&in, NULL, &arena, &m, &err));
    str_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_frames_come_out),
        cmocka_unit_test(a_container_that_is_gone_fails_by_name),
        cmocka_unit_test(bytes_cut_anywhere_are_refused),
    };
    return cmocka_run_group_tests(tests, place_begin, place_end);
}
