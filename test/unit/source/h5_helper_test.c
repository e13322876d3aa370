/* The helper process: crashes, time, death. A FIFO keeps a child busy: the library waits in open for a writer. */
#include "source/h5_helper.h"

#include "source/source.h"

#include "made_h5.h"
#include "place.h"
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static bool ask(const char *path, struct error *err)
{
    struct h5_request q = {.ask = H5_ASK_LAYOUT, .path = path};
    struct h5_description d;
    struct arena a = {0};
    bool ok = h5_ask(&q, &a, &d, err);
    arena_free(&a);
    return ok;
}

/* The helper's child, once there is one. */
static pid_t child_of(pid_t helper)
{
    char name[64], text[64] = "";
    snprintf(name, sizeof name, "/proc/%d/task/%d/children", (int)helper, (int)helper);
    for (int i = 0; i < 2000; i++) {
        FILE *f = fopen(name, "r");
        if (!f)
            return 0;
        bool got = fgets(text, sizeof text, f) && atoi(text) > 0;
        fclose(f);
        if (got)
            return atoi(text);
        usleep(1000);
    }
    return 0;
}

struct asking {
    const char *path;
    struct error err;
    bool ok;
};

static void *ask_in_thread(void *arg)
{
    struct asking *a = arg;
    a->ok = ask(a->path, &a->err);
    return NULL;
}

static char *good_file(void)
{
    char *path = in_folder("good.h5");
    hid_t file = made_nxmx(path, 2);
    H5Fclose(file);
    return path;
}

static void a_crash_of_the_library_costs_one_file(void **state)
{
    (void)state;
    struct asking a = {.path = in_folder("fifo1")};
    struct error err = {0};
    pthread_t thread;
    if (access("/proc/self/task", R_OK) != 0)
        skip();
    assert_int_equal(mkfifo(a.path, 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, &a), 0);
    pid_t child = child_of(h5_helper_pid());
    assert_true(child > 0);
    assert_int_equal(kill(child, SIGSEGV), 0);
    pthread_join(thread, NULL);
    assert_false(a.ok);
    assert_int_equal(a.err.code, ERROR_UNREADABLE);
    assert_non_null(strstr(a.err.fact, "fifo1: the HDF5 library crashed on it (signal 11)"));
    if (!ask(good_file(), &err))
        fail_msg("%s", err.fact);
}

static void a_helper_killed_in_mid_request_fails_files_by_name(void **state)
{
    (void)state;
    struct asking a = {.path = in_folder("fifo2")};
    struct error err = {0};
    pthread_t thread;
    assert_int_equal(mkfifo(a.path, 0600), 0);
    assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, &a), 0);
    assert_true(child_of(h5_helper_pid()) > 0);
    assert_int_equal(kill(h5_helper_pid(), SIGKILL), 0);
    pthread_join(thread, NULL);
    assert_false(a.ok);
    assert_int_equal(a.err.code, ERROR_UNREADABLE);
    assert_non_null(strstr(a.err.fact, "helper is gone"));
    const char *path = good_file();
    assert_false(ask(path, &err));
    assert_non_null(strstr(err.fact, path));
    assert_non_null(strstr(err.fact, "helper is gone"));
    assert_int_equal(h5_helper_pid(), 0);

    assert_true(source_helper_start(&err));
    assert_true(ask(path, &err));
}

static void a_file_that_is_none_fails_with_the_librarys_words(void **state)
{
    (void)state;
    char *path = in_folder("text.h5");
    struct error err = {0};
    assert_true(fs_write_atomic(path, "no HDF5 file", 12, &err));
    assert_false(ask(path, &err));
    assert_int_equal(err.code, ERROR_UNREADABLE);
    assert_non_null(strstr(err.fact, "text.h5: HDF5 cannot open it"));
    assert_true(err.detail[0] != '\0');
}

static void many_requests_leave_no_processes(void **state)
{
    (void)state;
    const char *path = good_file();
    for (int i = 0; i < 20; i++)
        assert_true(ask(path, NULL));
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/task/%d/children", (int)h5_helper_pid(), (int)h5_helper_pid());
    FILE *f = fopen(name, "r");
    if (!f)
        skip();
    assert_int_equal(fgetc(f), EOF);
    fclose(f);
}

static void requests_that_are_too_long_are_refused_here(void **state)
{
    (void)state;
    struct h5_wanted *many = arena_array(&arena, 4000, sizeof *many);
    for (size_t i = 0; i < 4000; i++)
        many[i].path = "/a/rather/long/path/to/a/dataset";
    struct h5_request q = {.ask = H5_ASK_PATHS, .path = "/x.h5", .n_images = 4000, .images = many};
    struct h5_description d;
    struct error err = {0};
    assert_false(h5_ask(&q, &arena, &d, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_of_the_library_costs_one_file),
        cmocka_unit_test(a_helper_killed_in_mid_request_fails_files_by_name),
        cmocka_unit_test(a_file_that_is_none_fails_with_the_librarys_words),
        cmocka_unit_test(many_requests_leave_no_processes),
        cmocka_unit_test(requests_that_are_too_long_are_refused_here),
    };
    return cmocka_run_group_tests(tests, place_begin_with_helper, place_end_with_helper);
}
