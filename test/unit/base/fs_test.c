/* fs_test.c - files: whole reads, atomic writes, folders, names. Everything happens in a folder of its own. */
#include "base/fs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

static char start[4096], folder[4096];

static int make_folder(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/xfelx-fs-XXXXXX", base ? base : "/tmp");
    return getcwd(start, sizeof start) && mkdtemp(folder) ? chdir(folder) : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[5000];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir(start) | system(command);
}

static void put(const char *path, const char *text)
{
    assert_true(fs_write_atomic(path, text, strlen(text), NULL));
}

static void a_file_is_written_and_read_whole(void **state)
{
    (void)state;
    struct error err = {0};
    struct bytes b = {0};
    put("a", "first");
    put("a", "second text");
    assert_true(fs_read("a", 100, &b, &err));
    assert_int_equal(b.size, 11);
    assert_memory_equal(b.data, "second text", 11);
    put("empty", "");
    assert_true(fs_read("empty", 100, &b, &err));
    assert_int_equal(b.size, 0);
    assert_false(fs_read("a", 10, &b, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    bytes_free(&b);
    struct stat st;
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(stat("a", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666 & ~mask);
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
    (void)state;
    struct error err = {0};
    struct bytes b = {0};
    assert_int_equal(mkfifo("pipe", 0600), 0); /* opening it to read would wait for a writer for ever */
    static const char *const paths[] = {"pipe", ".", "/dev/null", "/dev/zero", "missing", "missing/x"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_false(fs_read(paths[i], 1000, &b, &err));
        assert_int_equal(err.code, ERROR_UNREADABLE);
        assert_true(err.detail[0] != 0);
    }
    bytes_free(&b);
}

static void a_failed_write_leaves_the_old_file_and_nothing_else(void **state)
{
    (void)state;
    struct error err = {0};
    struct rlimit kept, small;
    char data[4096] = {0}, **names;
    size_t n;
    put("kept", "old");
    struct arena a = {0};
    assert_true(fs_list(".", &a, &names, &n, NULL));
    size_t before = n;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &kept);
    small = kept;
    small.rlim_cur = 1000; /* the system refuses bytes beyond this, as a full disk would */
    setrlimit(RLIMIT_FSIZE, &small);
    bool ok = fs_write_atomic("kept", data, sizeof data, &err);
    setrlimit(RLIMIT_FSIZE, &kept);
    assert_false(ok);
    assert_int_equal(err.code, ERROR_NO_SPACE);
    struct bytes b = {0};
    assert_true(fs_read("kept", 100, &b, NULL));
    assert_memory_equal(b.data, "old", 3);
    assert_true(fs_list(".", &a, &names, &n, NULL));
    assert_int_equal(n, before);
    assert_false(fs_write_atomic("nowhere/x", data, 1, &err));
    assert_int_equal(err.code, ERROR_FAILED);
    bytes_free(&b);
    arena_free(&a);
}

static void devices_pipes_and_links_are_not_replaced(void **state)
{
    (void)state;
    struct stat st;
    char text[16] = "";
    assert_int_equal(mkfifo("through", 0600), 0);
    int fd = open("through", O_RDWR | O_NONBLOCK);
    put("through", "through");
    assert_int_equal(read(fd, text, sizeof text), 7);
    assert_string_equal(text, "through");
    close(fd);
    assert_int_equal(lstat("through", &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    put("target", "old");
    assert_int_equal(symlink("target", "link"), 0);
    put("link", "new text");
    assert_int_equal(lstat("link", &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat("target", &st), 0);
    assert_int_equal(st.st_size, 8);
    assert_int_equal(unlink("through") | unlink("link") | unlink("target"), 0);
}

static void reading_past_the_end_is_truncation(void **state)
{
    (void)state;
    struct error err = {0};
    char out[8];
    put("ten", "0123456789");
    int fd = open("ten", O_RDONLY | O_CLOEXEC);
    assert_true(fs_pread(fd, out, 4, 3, "ten", &err));
    assert_memory_equal(out, "3456", 4);
    assert_false(fs_pread(fd, out, 4, 7, "ten", &err));
    assert_int_equal(err.code, ERROR_TRUNCATED);
    assert_false(fs_pread(fd, out, 4, UINT64_MAX - 1, "ten", &err));
    assert_int_equal(err.code, ERROR_TRUNCATED);
    close(fd);
}

static void folders_are_made_and_listed_in_order(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    char **names;
    size_t n;
    assert_true(fs_make_folders("x/y//z/", &err));
    assert_true(fs_make_folders("x/y/z", &err));
    assert_true(fs_is_folder("x/y/z") && !fs_is_file("x/y/z"));
    put("x/b", ""), put("x/a", ""), put("x/.hidden", "");
    assert_false(fs_make_folders("x/a/no", &err));
    assert_true(fs_list("x", &a, &names, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(names[0], "x/a");
    assert_string_equal(names[1], "x/b");
    assert_true(fs_glob("x/[ab]", &a, &names, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(names[1], "x/b");
    assert_true(fs_glob("x/*.cbf", &a, &names, &n, &err));
    assert_int_equal(n, 0);
    assert_true(fs_list("none", &a, &names, &n, &err));
    assert_int_equal(n, 0);
    arena_free(&a);
}

static void names_are_taken_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_string_equal(fs_absolute(&a, "/a/./b//../c/"), "/a/c");
    assert_string_equal(fs_absolute(&a, "/../.."), "/");
    char *here = fs_absolute(&a, "x/../y");
    assert_string_equal(here, fs_join(&a, fs_absolute(&a, "."), "y"));
    assert_string_equal(fs_folder(&a, "/a/b"), "/a");
    assert_string_equal(fs_folder(&a, "/a"), "/");
    assert_string_equal(fs_folder(&a, "a"), ".");
    assert_string_equal(fs_name("/a/b.cbf"), "b.cbf");
    assert_string_equal(fs_stem(&a, "/a/shot_01.cbf.gz"), "shot_01");
    assert_string_equal(fs_stem(&a, "run.1.h5"), "run.1");
    assert_string_equal(fs_stem(&a, ".phil"), ".phil");
    assert_string_equal(fs_stem(&a, "x.gz"), "x");
    assert_string_equal(fs_join(&a, "a/", "b"), "a/b");
    assert_string_equal(fs_join(&a, "a", "/b"), "/b");
    assert_string_equal(fs_join(&a, "a", ""), "a");
    arena_free(&a);
}

static bool write_backwards(void *arg, int fd, struct error *err)
{
    const char *path = arg;
    return fs_pwrite(fd, "world", 5, 6, path, err) && fs_pwrite(fd, "hello ", 6, 0, path, err);
}

static bool write_and_fail(void *arg, int fd, struct error *err)
{
    return write_backwards(arg, fd, err) && error_set(err, ERROR_FAILED, "no more");
}

static void a_file_written_in_pieces_is_whole_or_not_there(void **state)
{
    (void)state;
    const char *place = "pieces";
    char path[128];
    struct error err = {0};
    struct arena a = {0};
    struct bytes b = {0};
    char **names;
    size_t n;
    assert_true(fs_make_folders(place, &err));
    snprintf(path, sizeof path, "%s/[a]*.txt", place);
    assert_false(fs_write_atomic_by(path, write_and_fail, path, &err));
    assert_string_equal(err.fact, "no more");
    assert_true(fs_list(place, &a, &names, &n, &err));
    assert_int_equal(n, 0);
    assert_true(fs_write_atomic_by(path, write_backwards, path, &err));
    assert_true(fs_read(path, 100, &b, &err));
    assert_int_equal(b.size, 11);
    assert_memory_equal(b.data, "hello world", 11);
    char *torn = arena_printf(&a, "%s.tmp-12-0", path), *other = arena_printf(&a, "%s/a.txt.tmp-12-0", place);
    assert_true(fs_write_atomic(torn, "x", 1, &err) && fs_write_atomic(other, "x", 1, &err));
    fs_drop_torn(path);
    assert_false(fs_is_file(torn));
    assert_true(fs_is_file(other) && fs_is_file(path));
    bytes_free(&b);
    arena_free(&a);
}

static void the_end_of_a_file_is_read_however_long_it_is(void **state)
{
    (void)state;
    struct error err = {0};
    struct bytes b = {0};
    uint64_t size = 0;
    put("log", "one\ntwo\n");
    assert_true(fs_tail("log", 4, &b, &size, &err));
    assert_int_equal(size, 8);
    assert_int_equal(b.size, 4);
    assert_memory_equal(b.data, "two\n", 4);
    assert_true(fs_tail("log", 100, &b, &size, &err));
    assert_int_equal(b.size, 8);
    put("log", "");
    assert_true(fs_tail("log", 100, &b, &size, &err));
    assert_int_equal(b.size, 0);
    assert_int_equal(size, 0);
    assert_false(fs_tail("nothing", 100, &b, &size, &err));
    assert_int_equal(mkfifo("tail_pipe", 0600), 0);
    assert_false(fs_tail("tail_pipe", 100, &b, &size, &err)); /* and does not wait for a writer */
    bytes_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_file_is_read_however_long_it_is),
        cmocka_unit_test(a_file_written_in_pieces_is_whole_or_not_there),
        cmocka_unit_test(a_file_is_written_and_read_whole),
        cmocka_unit_test(what_is_no_regular_file_is_refused_at_once),
        cmocka_unit_test(a_failed_write_leaves_the_old_file_and_nothing_else),
        cmocka_unit_test(devices_pipes_and_links_are_not_replaced),
        cmocka_unit_test(reading_past_the_end_is_truncation),
        cmocka_unit_test(folders_are_made_and_listed_in_order),
        cmocka_unit_test(names_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
