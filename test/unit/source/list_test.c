/* Lists: files, folders, globs and lists of paths become frames in a fixed order, each file once, none lost. */
#include "made.h"
#include "place.h"

static char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name);
}

static void write_text(const char *name, const char *text, size_t n)
{
    struct error err;
    if (!fs_write_atomic(path_of(name), text, n, &err))
        fail_msg("%s", err.fact);
}

static void make(char **arguments, size_t n, struct source_list *l)
{
    struct error err = {0};
    if (!source_list_make(arguments, n, NULL, &arena, l, &err))
        fail_msg("%s | %s", err.fact, err.detail);
}

static void assert_names(const struct source_list *l, const char *const *names, size_t n)
{
    assert_int_equal(l->n_sources, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(fs_name(l->sources[i].recorded), names[i]);
        assert_int_equal(l->sources[i].first, i);
        assert_true(l->sources[i].recorded[0] == '/');
    }
    assert_int_equal(l->n_frames, n);
}

static void a_folder_gives_its_images_sorted(void **state)
{
    (void)state;
    static const char *const names[] = {"a[1].cbf", "b.cbf", "c.img"};
    char *arguments[] = {folder};
    struct source_list l;
    make(arguments, 1, &l);
    assert_names(&l, names, 3);
    source_list_close(&l);
}

static void a_glob_is_sorted_and_a_name_with_brackets_is_itself(void **state)
{
    (void)state;
    static const char *const names[] = {"a[1].cbf", "b.cbf"};
    char *arguments[] = {path_of("a[1].cbf"), path_of("*.cbf")};
    struct source_list l;
    make(arguments, 2, &l);
    assert_names(&l, names, 2);
    source_list_close(&l);
}

static void a_list_has_comments_and_paths_relative_to_itself(void **state)
{
    (void)state;
    static const char *const names[] = {"c.img", "b.cbf"};
    static const char text[] = "# first\n\n  c.img \r\n./b.cbf\nb.cbf";
    write_text("list.txt", text, sizeof text - 1);
    struct source_list l;
    char *plain[] = {path_of("list.txt")}, *at[] = {arena_printf(&arena, "@%s/list.txt", folder)};
    make(plain, 1, &l);
    assert_names(&l, names, 2);
    source_list_close(&l);
    make(at, 1, &l);
    assert_names(&l, names, 2);
    source_list_close(&l);
}

static void doubles_are_removed_whoever_names_them(void **state)
{
    (void)state;
    static const char *const names[] = {"c.img", "a[1].cbf", "b.cbf"};
    char *arguments[] = {path_of("c.img"), path_of("../"), path_of("./c.img"), folder};
    arguments[1] = arguments[0];
    struct source_list l;
    make(arguments, 4, &l);
    assert_names(&l, names, 3);
    source_list_close(&l);
}

static void what_cannot_be_opened_counts_one_frame_that_fails(void **state)
{
    (void)state;
    char *arguments[] = {path_of("missing.cbf"), path_of("b.cbf"), path_of("no*thing"), path_of("junk.dat")};
    write_text("junk.dat", "junk", 4);
    struct source_list l;
    make(arguments, 4, &l);
    assert_int_equal(l.n_frames, 4);
    assert_non_null(l.sources[0].error);
    assert_null(l.sources[1].error);
    assert_int_equal(l.sources[2].error->code, ERROR_UNREADABLE);
    assert_non_null(strstr(l.sources[3].error->fact, "junk.dat"));
    uint32_t source, frame;
    source_list_at(&l, 3, &source, &frame);
    assert_true(source == 3 && frame == 0);
    source_list_close(&l);
}

static void data_files_beside_their_master_are_not_listed_again(void **state)
{
    (void)state;
    static const char *const files[] = {
        "a_data_000001.h5", "a_data_000002.h5", "a_master.h5", "a_meta.h5",        "b.nxs",
        "b_000001.h5",      "b_master.h5",      "c_000001.h5", "d_data_000001.h5", "e.h5"};
    static const char *const listed[] = {"a_master.h5", "b.nxs", "c_000001.h5", "d_data_000001.h5", "e.h5"};
    struct error err;
    struct source_list l;
    char *sub = path_of("dectris"), *arguments[] = {sub};
    assert_true(fs_make_folders(sub, &err));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        write_text(arena_printf(&arena, "dectris/%s", files[i]), "x", 1);
    make(arguments, 1, &l);
    assert_names(&l, listed, sizeof listed / sizeof *listed);
    source_list_close(&l);
}

/* Their places are their numbers for ever. */
static void files_of_a_run_keep_their_places(void **state)
{
    (void)state;
    const char *paths[] = {path_of("note.txt"), path_of("later.cbf"), path_of("b.cbf"), path_of("a[1].cbf")};
    const bool here[] = {true, false, true, true};
    struct source_list l;
    struct error err = {0};
    uint32_t source, frame;
    assert_true(source_list_of(paths, here, 4, NULL, &arena, &l, &err));
    assert_int_equal(l.n_sources, 4);
    assert_int_equal(l.n_frames, 2);
    assert_int_equal(l.sources[0].n_frames + l.sources[1].n_frames, 0);
    source_list_at(&l, 0, &source, &frame);
    assert_int_equal(source, 2);
    source_list_at(&l, 1, &source, &frame);
    assert_int_equal(source, 3);
    assert_string_equal(l.sources[3].recorded, paths[3]);
    struct str bytes = {0};
    struct source_list copy;
    source_list_pack(&l, &bytes);
    struct unwire in = {(const uint8_t *)bytes.text, (const uint8_t *)bytes.text + bytes.len, false};
    assert_true(source_list_unpack(&in, NULL, &arena, &copy, &err));
    assert_int_equal(copy.n_frames, 2);
    str_free(&bytes);
    source_list_close(&copy);
    source_list_close(&l);
    assert_true(
        source_list_of(paths, here, 1, NULL, &arena, &l, &err)); /* of nothing but notes, each counts */
    assert_int_equal(l.n_frames, 1);
    source_list_close(&l);
}

static void nothing_named_or_a_bad_list_is_an_error(void **state)
{
    (void)state;
    struct source_list l;
    struct error err = {0};
    char *missing[] = {path_of("missing.lst")}, *binary[] = {path_of("binary.txt")},
         *empty[] = {path_of("empty.lst")};
    assert_false(source_list_make(NULL, 0, NULL, &arena, &l, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_false(source_list_make(missing, 1, NULL, &arena, &l, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    write_text("binary.txt", "a\0b\n", 4);
    assert_false(source_list_make(binary, 1, NULL, &arena, &l, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    write_text("empty.lst", "# nothing\n", 10);
    assert_false(source_list_make(empty, 1, NULL, &arena, &l, &err));
    assert_int_equal(err.code, ERROR_USAGE);
}

/* The folder is known as /gone/data; the letters in brackets are no pattern where they are part of a root. */
static void files_under_another_root_are_found_and_keep_their_names(void **state)
{
    (void)state;
    static const char *const names[] = {"b.cbf", "a[1].cbf", "c.img", "missing.cbf"};
    struct error err = {0};
    char *there = path_of("now [b]*");
    static const char *const files[] = {"a[1].cbf", "b.cbf", "c.img"};
    struct bytes bytes = {0};
    assert_true(fs_make_folders(there, &err));
    for (size_t i = 0; i < 3; i++) {
        assert_true(fs_read(path_of(files[i]), 1 << 24, &bytes, &err));
        write_text(arena_printf(&arena, "now [b]*/%s", files[i]), (const char *)bytes.data, bytes.size);
    }
    bytes_free(&bytes);
    write_text("now [b]*/list.txt", "b.cbf\nmissing.cbf\n", 18);
    const char *const maps[] = {"/gone=/nowhere", arena_printf(&arena, "/gone/data/=%s/", there), NULL};
    struct source_options o = {.path_map = maps};
    char *each[][4] = {
        {"/gone/data/b.cbf", "/gone/./data/*.cbf", "/gone/data", "/gone/data/missing.cbf"},
        {"@/gone/data/list.txt", "/gone/data/[a]*", "/gone/data/*.img", "/gone/data/missing.cbf"},
    };
    for (size_t k = 0; k < 2; k++) {
        struct source_list l;
        assert_true(source_list_make(each[k], 4, &o, &arena, &l, &err));
        assert_int_equal(l.n_sources, 4);
        for (size_t i = 0; i < 4; i++) {
            const char *name =
                k == 0 ? names[i] : (const char *[]){"b.cbf", "missing.cbf", "a[1].cbf", "c.img"}[i];
            assert_string_equal(l.sources[i].recorded, arena_printf(&arena, "/gone/data/%s", name));
            assert_string_equal(l.sources[i].path, arena_printf(&arena, "%s/%s", there, name));
            assert_true(!l.sources[i].error == (strcmp(name, "missing.cbf") != 0));
        }
        source_list_close(&l);
    }
    char *beside[] = {"/gone/database/b.cbf"};
    struct source_list l;
    assert_true(source_list_make(beside, 1, &o, &arena, &l, &err));
    assert_string_equal(l.sources[0].path, "/nowhere/database/b.cbf");
    source_list_close(&l);
}

static int setup(void **state)
{
    struct str file = {0};
    place_begin(state);
    made_mini(&file, made_mini_header);
    write_text("b.cbf", file.text, file.len);
    write_text("a[1].cbf", file.text, file.len);
    made_smv(&file, made_smv_header);
    write_text("c.img", file.text, file.len);
    write_text("notes.md", "no image", 8);
    str_free(&file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_gives_its_images_sorted),
        cmocka_unit_test(a_glob_is_sorted_and_a_name_with_brackets_is_itself),
        cmocka_unit_test(a_list_has_comments_and_paths_relative_to_itself),
        cmocka_unit_test(doubles_are_removed_whoever_names_them),
        cmocka_unit_test(what_cannot_be_opened_counts_one_frame_that_fails),
        cmocka_unit_test(data_files_beside_their_master_are_not_listed_again),
        cmocka_unit_test(files_under_another_root_are_found_and_keep_their_names),
        cmocka_unit_test(files_of_a_run_keep_their_places),
        cmocka_unit_test(nothing_named_or_a_bad_list_is_an_error),
    };
    return cmocka_run_group_tests(tests, setup, place_end);
}
