/* directory_test.c - runs in folders: what is told of them as they come, grow, are renamed and go. */
#include "facility/directory.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static const int64_t second = 1000000000;

static void put(const char *name, const char *text, int64_t seconds_ago)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    int64_t then = clock_now() / second - seconds_ago;
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[2]){{then, 0}, {then, 0}}, 0), 0);
}

static void make_folder(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void rename_it(const char *from, const char *to)
{
    char a[4096], b[4096];
    snprintf(a, sizeof a, "%s/%s", folder, from);
    snprintf(b, sizeof b, "%s/%s", folder, to);
    assert_int_equal(rename(a, b), 0);
}

static const struct observation *run(const struct observations *o, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return observations_find(o, path);
}

static struct observations look(const struct facility_settings *s, const struct observations *before)
{
    struct observations now = {0};
    struct error err = {0};
    assert_true(directory_list(s, before, &now, &err));
    return now;
}

static int begin(void **state)
{
    (void)state;
    support_folder(folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    support_remove(folder);
    return 0;
}

static void a_file_is_present_when_it_is_old_and_large_enough(void **state)
{
    (void)state;
    struct facility_settings s = {.data_dir = folder,
                                  .template = "run*.h5",
                                  .regex = "run_?([0-9]+)",
                                  .depth = 1,
                                  .settle = 10,
                                  .min_size = 3};
    put("run_0012.h5", "abc", 100);
    put("run13.h5", "abc", 2);
    put("run14.h5", "ab", 100);
    put("run15.h5", "abc", 100);
    put("run15.h5.inprogress", "", 100);
    put("other.h5", "abc", 100);
    put(".run16.h5", "abc", 100);
    put("run999999999999999999.h5", "abc", 100);
    put("run9223372036854775807.h5", "abc", 100);
    struct observations o = look(&s, NULL);
    assert_int_equal(o.n, 6);
    assert_int_equal(run(&o, "run999999999999999999.h5")->number, INT64_C(999999999999999999));
    assert_int_equal(run(&o, "run9223372036854775807.h5")->number, -1); /* nothing could come behind it */
    assert_true(o.server_clock);
    assert_int_equal(run(&o, "run_0012.h5")->state, RUN_PRESENT);
    assert_int_equal(run(&o, "run_0012.h5")->number, 12);
    assert_string_equal(run(&o, "run_0012.h5")->name, "run_0012");
    assert_string_equal(run(&o, "run13.h5")->reason, "changed a moment ago");
    assert_string_equal(run(&o, "run14.h5")->reason, "smaller than a file must be");
    assert_non_null(strstr(run(&o, "run15.h5")->reason, "inprogress"));
    observations_free(&o);
}

static void a_growing_file_with_an_old_time_waits_until_two_looks_agree(void **state)
{
    (void)state;
    struct facility_settings s = {.data_dir = folder, .depth = 1, .settle = 10};
    put("a.cbf", "1", 100);
    struct observations a = look(&s, NULL);
    put("a.cbf", "12", 100);
    struct observations b = look(&s, &a), c = look(&s, &b);
    assert_int_equal(run(&b, "a.cbf")->state, RUN_ONGOING);
    assert_true(run(&b, "a.cbf")->rate > 0);
    assert_int_equal(run(&c, "a.cbf")->state, RUN_PRESENT);
    observations_free(&a), observations_free(&b), observations_free(&c);
}

static void a_time_in_the_future_does_not_hold_a_file_for_ever(void **state)
{
    (void)state;
    struct facility_settings s = {.data_dir = folder, .depth = 1, .settle = 10};
    struct seen_file f = {.path = "a.h5", .size = 1, .inode = 1, .modified_ns = 1000 * second};
    const struct seen_folder top = {"", &f, 1, 0};
    struct snapshot snap = {.at = &top, .n = 1, .now_ns = 10 * second};
    struct observations a = {0}, b = {0};
    struct error err = {0};
    assert_true(directory_observe(&s, &snap, NULL, &a, &err));
    assert_int_equal(a.at[0].state, RUN_ONGOING);
    snap.now_ns = 20 * second;
    assert_true(directory_observe(&s, &snap, &a, &b, &err));
    assert_int_equal(b.at[0].state, RUN_PRESENT);
    observations_free(&a), observations_free(&b);
}

static void a_renamed_file_is_the_same_run_and_a_removed_one_is_kept(void **state)
{
    (void)state;
    struct facility_settings s = {.data_dir = folder, .depth = 1, .settle = 1};
    put("a.h5", "aaa", 100);
    put("b.h5", "bbb", 101);
    struct observations a = look(&s, NULL);
    rename_it("a.h5", "c.h5");
    char path[128];
    snprintf(path, sizeof path, "%s/b.h5", folder);
    unlink(path);
    struct observations b = look(&s, &a);
    assert_int_equal(b.n, 2);
    assert_non_null(run(&b, "c.h5")->was);
    assert_true(str_ends(run(&b, "c.h5")->was, "/a.h5"));
    assert_int_equal(run(&b, "c.h5")->state, RUN_PRESENT);
    assert_int_equal(run(&b, "b.h5")->state, RUN_VANISHED);
    put("b.h5", "bbb", 101);
    struct observations c = look(&s, &b);
    assert_int_equal(run(&c, "b.h5")->number, -1);
    assert_int_not_equal(run(&c, "b.h5")->state, RUN_VANISHED);
    observations_free(&a), observations_free(&b), observations_free(&c);
}

static void a_folder_is_a_run_when_its_status_count_and_manifest_agree(void **state)
{
    (void)state;
    struct facility_settings s = {.data_dir = folder,
                                  .folders = true,
                                  .depth = 1,
                                  .template = "*.cbf",
                                  .n_files_needed = 2,
                                  .settle = 1};
    make_folder("r0007");
    put("r0007/a.cbf", "1", 100);
    put("top.cbf", "1", 100);
    struct observations o = look(&s, NULL);
    assert_int_equal(o.n, 1);
    assert_string_equal(o.at[0].reason, "fewer files than needed");
    observations_free(&o);
    put("r0007/b.cbf", "22", 100);
    o = look(&s, NULL);
    assert_string_equal(o.at[0].name, "r0007");
    assert_int_equal(o.at[0].state, RUN_PRESENT);
    assert_int_equal(o.at[0].n_files, 2);
    assert_int_equal(o.at[0].bytes, 3);
    observations_free(&o);
    s.need_status = true;
    o = look(&s, NULL);
    assert_string_equal(o.at[0].reason, "no status file yet");
    observations_free(&o);
    put("r0007/status.txt", "# Cheetah\nUpdate: x\nStatus: a, Status2=Running\n", 100);
    assert_int_equal(directory_status("a=b\nTime=1, Status=Finished\n"), 1);
    assert_int_equal(directory_status("Status=Error: disk\n"), -1);
    assert_int_equal(directory_status("Status=Finished\nStatus=Finished\n"), 0);
    assert_int_equal(directory_status("Status=NotFinished"), 0);
    put("r0007/status.txt", "Time=1, Status=Finished\n", 100);
    s.manifest = "files.txt";
    static const char *const texts[] = {"a.cbf\nb.cbf\nc.cbf\n", "1 a.cbf\n3 b.cbf\n",
                                        "# all\n1 a.cbf\r\n2 b.cbf\r\n",
                                        "0cc175b9c0f1b6a831c399e269772661  a.cbf\n"};
    for (int i = 0; i < 4; i++) {
        put("r0007/files.txt", texts[i], 100);
        o = look(&s, NULL);
        assert_int_equal(o.at[0].state, i < 2 ? RUN_ONGOING : RUN_PRESENT);
        observations_free(&o);
    }
}

static void hostile_names_are_told_as_they_are(void **state)
{
    (void)state;
    char longest[256], path[4096];
    memset(longest, 'x', 255);
    longest[255] = '\0';
    const char *names[] = {
        "a\nb.h5", "'; rm -rf $(x) \".h5", "-rf", "\xc3\xa9\xe6\x97\xa5.h5", "\xff\xfe.h5", longest, "*?[.h5",
        " "};
    struct facility_settings s = {.data_dir = folder, .depth = 1, .settle = 1};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put(names[i], "x", 100);
    struct observations o = look(&s, NULL);
    assert_int_equal(o.n, sizeof names / sizeof *names);
    for (size_t i = 0; i < o.n; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_non_null(observations_find(&o, path));
    }
    observations_free(&o);
}

static void folders_are_looked_into_as_deep_as_asked_and_loops_end(void **state)
{
    (void)state;
    char path[128];
    make_folder("a");
    make_folder("a/b");
    put("top.h5", "x", 100);
    put("a/one.h5", "x", 100);
    put("a/b/two.h5", "x", 100);
    snprintf(path, sizeof path, "%s/a/loop", folder);
    assert_int_equal(symlink("..", path), 0);
    struct facility_settings s = {.data_dir = folder, .settle = 1};
    for (s.depth = 1; s.depth <= 16; s.depth++) {
        struct observations o = look(&s, NULL);
        assert_int_equal(o.n, s.depth < 3 ? s.depth : 3);
        observations_free(&o);
    }
    s.depth = 3;
    s.template = "a/*.h5";
    struct observations o = look(&s, NULL);
    assert_int_equal(o.n, 1);
    observations_free(&o);
}

/* What an error of the server hides is not gone. */
static void what_cannot_be_looked_into_is_kept_as_it_was(void **state)
{
    (void)state;
    struct facility_settings s = {.data_dir = "/d", .depth = 2, .settle = 0};
    struct seen_file files[] = {{.path = "a/1.h5", .folder = 1, .size = 1, .inode = 1, .modified_ns = 1},
                                {.path = "b/2.h5", .folder = 1, .size = 1, .inode = 2, .modified_ns = 1},
                                {.path = "bb/3.h5", .folder = 2, .size = 1, .inode = 3, .modified_ns = 1}};
    const struct seen_folder well[] = {{"a", files, 1, 0}, {"b", files + 1, 1, 0}, {"bb", files + 2, 1, 0}};
    const struct seen_folder ill[] = {{"a", files, 1, 0}, {"b", NULL, 0, EIO}};
    struct snapshot first = {.at = well, .n = 3, .now_ns = 10 * second};
    struct snapshot then = {.at = ill, .n = 2, .now_ns = 20 * second};
    struct observations a = {0}, b = {0}, c = {0};
    struct error err = {0};
    assert_true(directory_observe(&s, &first, NULL, &a, &err));
    assert_true(directory_observe(&s, &then, &a, &b, &err));
    assert_int_equal(b.n, 3);
    assert_int_equal(observations_find(&b, "/d/b/2.h5")->state, RUN_PRESENT);
    assert_int_equal(observations_find(&b, "/d/bb/3.h5")->state, RUN_VANISHED);
    assert_int_equal(b.n_notes, 1);
    assert_non_null(strstr(b.notes[0], "cannot look into /d/b: "));
    then.at = ill, then.n = 1; /* and when it is really gone, it is */
    assert_true(directory_observe(&s, &then, &b, &c, &err));
    assert_int_equal(observations_find(&c, "/d/b/2.h5")->state, RUN_VANISHED);
    observations_free(&a), observations_free(&b), observations_free(&c);
}

static void a_folder_that_may_not_be_read_is_no_empty_one(void **state)
{
    (void)state;
    struct facility_settings s = {.data_dir = folder, .depth = 2, .settle = 0};
    char path[128];
    make_folder("a");
    put("a/1.h5", "x", 100);
    snprintf(path, sizeof path, "%s/a", folder);
    struct observations a = look(&s, NULL);
    assert_int_equal(chmod(path, 0), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    pid_t child = fork();
    if (child == 0) { /* root may look everywhere */
        struct observations b = {0};
        struct error err = {0};
        bool may = geteuid() != 0 || setuid(65534) == 0;
        bool good = may && directory_list(&s, &a, &b, &err) && b.n == 1 && b.at[0].state == RUN_PRESENT &&
                    b.n_notes == 1;
        _exit(good ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(path, 0755), 0);
    observations_free(&a);
}

static void a_look_costs_one_question_for_each_file(void **state)
{
    (void)state;
    char name[128];
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "r%04d", i);
        make_folder(name);
        for (int k = 0; k < 100; k++) {
            snprintf(name, sizeof name, "%s/r%04d/%03d.cbf", folder, i, k);
            FILE *f = fopen(name, "w");
            assert_non_null(f);
            fclose(f);
        }
    }
    struct facility_settings s = {.data_dir = folder, .folders = true, .depth = 1, .settle = 0};
    struct observations a = look(&s, NULL), b = look(&s, &a);
    assert_int_equal(b.n, 1000);
    assert_int_equal(b.n_folders, 1001);
    assert_int_equal(b.n_stats, 1000 + 100000);
    for (size_t i = 0; i < b.n; i++) {
        assert_int_equal(b.at[i].n_files, 100);
        assert_int_equal(b.at[i].state, RUN_PRESENT);
        assert_true(a.at[i].files && !b.at[i].files); /* nobody asks for those of a run that rests */
    }
    observations_free(&a), observations_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_present_when_it_is_old_and_large_enough, begin, end),
        cmocka_unit_test_setup_teardown(a_growing_file_with_an_old_time_waits_until_two_looks_agree, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_time_in_the_future_does_not_hold_a_file_for_ever, begin, end),
        cmocka_unit_test_setup_teardown(a_renamed_file_is_the_same_run_and_a_removed_one_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(a_folder_is_a_run_when_its_status_count_and_manifest_agree, begin,
                                        end),
        cmocka_unit_test_setup_teardown(hostile_names_are_told_as_they_are, begin, end),
        cmocka_unit_test_setup_teardown(folders_are_looked_into_as_deep_as_asked_and_loops_end, begin, end),
        cmocka_unit_test_setup_teardown(what_cannot_be_looked_into_is_kept_as_it_was, begin, end),
        cmocka_unit_test_setup_teardown(a_folder_that_may_not_be_read_is_no_empty_one, begin, end),
        cmocka_unit_test_setup_teardown(a_look_costs_one_question_for_each_file, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
