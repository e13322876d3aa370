/* Opening what is and what is not an image: each gives a source, or one clear error with a frame's reason. */
#include "made.h"
#include "place.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name);
}

static const char *write_file(const char *name, const struct str *s)
{
    struct error err;
    assert_true(fs_write_atomic(path_of(name), s->text ? s->text : "", s->len, &err));
    return path_of(name);
}

static void open_fails(const char *path, enum error_code code)
{
    struct source *s;
    struct error err = {0};
    assert_false(source_open(path, NULL, &s, &err));
    if (err.code != code || !err.fact[0])
        fail_msg("%s: %d %s", path, err.code, err.fact);
    for (const char *c = err.fact; *c; c++)
        assert_true((unsigned char)*c >= ' ');
    assert_null(s);
}

static void a_file_is_opened_by_its_bytes_whatever_its_name(void **state)
{
    (void)state;
    struct str file = {0};
    struct source *s;
    struct error err;
    made_mini(&file, made_mini_header);
    const char *path = write_file("image.h5", &file);
    assert_true(source_open(path, NULL, &s, &err));
    assert_string_equal(source_format(s), "miniCBF");
    assert_string_equal(source_path(s), path);
    assert_int_equal(source_frames(s), 1);
    assert_int_equal(source_pixel_type(s), PIXEL_I32);
    assert_null(source_mask(s));
    struct frame_buffer b = {0};
    struct frame f;
    assert_false(source_read(s, 1, &b, &f, &err));
    assert_int_equal(err.code, ERROR_MISSING);
    source_close(s);
    frame_buffer_free(&b);
    str_free(&file);
}

static void what_is_no_image_file_is_refused(void **state)
{
    (void)state;
    struct str text = {0};
    open_fails(write_file("empty.cbf", &text), ERROR_EMPTY);
    str_add(&text, "hello\x1b[31m\nworld");
    open_fails(write_file("foreign.cbf", &text), ERROR_UNREADABLE);
    open_fails(folder, ERROR_UNREADABLE);
    open_fails(path_of("missing.cbf"), ERROR_UNREADABLE);
    open_fails("", ERROR_UNREADABLE);
    open_fails("/dev/null", ERROR_UNREADABLE);
    str_free(&text);
}

static void a_fifo_is_not_waited_for(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path_of("fifo.cbf"), 0600), 0);
    open_fails(path_of("fifo.cbf"), ERROR_UNREADABLE);
}

static void a_file_without_permission_says_so(void **state)
{
    (void)state;
    struct str file = {0};
    made_mini(&file, made_mini_header);
    const char *path = write_file("closed.cbf", &file);
    assert_int_equal(chmod(path, 0), 0);
    if (access(path, R_OK) == 0)
        print_message("permissions do not bind this user\n");
    else
        open_fails(path, ERROR_UNREADABLE);
    str_free(&file);
}

static void a_hostile_name_is_written_harmlessly(void **state)
{
    (void)state;
    struct str text = {0};
    str_add(&text, "foreign");
    open_fails(write_file("a\nb\x1b[2Jc%s%n.cbf", &text), ERROR_UNREADABLE);
    open_fails(path_of("gone\n\x1b[2J%s.cbf"), ERROR_UNREADABLE);
    str_free(&text);
}

static void peeking_tells_single_images_from_the_rest(void **state)
{
    (void)state;
    struct str file = {0};
    struct error err = {0};
    bool single = false;
    made_smv(&file, made_smv_header);
    assert_true(source_peek(write_file("a.img", &file), &single, &err));
    assert_true(single);
    str_clear(&file);
    str_add(&file, "foreign");
    assert_false(source_peek(write_file("b.img", &file), &single, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    str_free(&file);
}

static void many_frames_may_be_read_from_one_source_at_once(void **state)
{
    (void)state;
    struct str file = {0};
    struct frame_buffer a = {0}, b = {0};
    struct frame f, g;
    struct error err;
    made_full(&file, made_full_header);
    struct source *s = made_open(&file, NULL);
    assert_true(source_read(s, 0, &a, &f, &err) && source_read(s, 0, &b, &g, &err));
    assert_ptr_not_equal(f.pixels, g.pixels);
    assert_memory_equal(f.pixels, g.pixels, f.detector->n_pixels * 4);
    assert_int_equal(f.event, INT64_MIN);
    source_close(s);
    frame_buffer_free(&a);
    frame_buffer_free(&b);
    str_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_opened_by_its_bytes_whatever_its_name),
        cmocka_unit_test(what_is_no_image_file_is_refused),
        cmocka_unit_test(a_fifo_is_not_waited_for),
        cmocka_unit_test(a_file_without_permission_says_so),
        cmocka_unit_test(a_hostile_name_is_written_harmlessly),
        cmocka_unit_test(peeking_tells_single_images_from_the_rest),
        cmocka_unit_test(many_frames_may_be_read_from_one_source_at_once),
    };
    return cmocka_run_group_tests(tests, place_begin, place_end);
}
