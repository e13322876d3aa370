/* tunes_test.c - tries in processes of their own. The program that is started is this one: main plays `tune` when it is called so. */
#include "support.h"

#include "web/tunes.h"

#include <signal.h>
#include <string.h>

static struct tunes *tunes;

static int64_t begin(const char *name, const char *phil)
{
    struct error err = {0};
    static const char *const maps[] = {"/a=/b", NULL};
    return tunes_begin(
        tunes,
        &(struct tune_wish){
            .name = name, .journal = "/j", .phil = phil, .maps = maps, .source = 3, .frame = 4, .frames = 1},
        &err);
}

static enum tune_state look(int64_t id, struct str *body)
{
    enum tune_state state = TUNE_RUNNING;
    double seconds = -1;
    str_clear(body);
    assert_true(tunes_look(tunes, id, &state, &seconds, body));
    assert_true(seconds >= 0);
    return state;
}

static void what_the_program_says_is_kept(void **state)
{
    (void)state;
    struct str body = {0};
    int64_t id = begin("ann", "a = 1\nb = 2");
    assert_true(id > 0);
    assert_int_equal(look(id, &body), TUNE_RUNNING);
    tunes_run(tunes, id);
    tunes_run(tunes, id); /* once only */
    assert_int_equal(look(id, &body), TUNE_DONE);
    assert_string_equal(body.text, "{--journal /j --set facility.path_map=/a=/b --changes a = 1\nb = 2 3/4}");
    assert_false(tunes_look(tunes, 77, &(enum tune_state){0}, &(double){0}, &body));
    str_free(&body);
}

/* play writes what it is asked into the file that is wanted. */
static void a_mask_comes_as_the_file_that_was_written(void **state)
{
    (void)state;
    struct error err = {0};
    struct str body = {0};
    static const char *const maps[] = {NULL};
    struct tune_wish wish = {.command = "mask",
                             .name = "ann",
                             .journal = "/j",
                             .phil = "bytes",
                             .maps = maps,
                             .ending = "nxs",
                             .frames = 1};
    int64_t id = tunes_begin(tunes, &wish, &err), plain = begin("bob", NULL);
    assert_true(tunes_is_file(tunes, id) && !tunes_is_file(tunes, plain) && !tunes_is_file(tunes, 77));
    tunes_run(tunes, id);
    assert_int_equal(look(id, &body), TUNE_DONE);
    assert_string_equal(body.text, "bytes");
    wish.phil = "none";
    id = tunes_begin(tunes, &wish, &err);
    tunes_run(tunes, id);
    assert_int_equal(look(id, &body), TUNE_FAILED); /* it ended well, and left no file */
    str_free(&body);
}

static void one_at_a_time_for_each_and_two_in_all(void **state)
{
    (void)state;
    int64_t first = begin("ann", NULL), second = begin("bob", NULL);
    assert_true(first > 0 && second > 0);
    assert_int_equal(begin("ann", NULL), 0);
    assert_int_equal(begin("cid", NULL), 0);
    tunes_drop(tunes, second);
    assert_true(begin("cid", NULL) > 0);
    tunes_run(tunes, first);
    for (int i = 0; i < 100; i++) { /* old ones are forgotten, and their places used again */
        int64_t id = begin("ann", NULL);
        assert_true(id > 0);
        tunes_drop(tunes, id);
    }
}

static void a_death_is_told_and_is_none_of_ours(void **state)
{
    (void)state;
    struct str body = {0};
    static const struct {
        const char *phil, *text;
    } cases[] = {
        {"crash", "signal 11"}, {"fail", "no such parameter\nhint: look"}, {"silent", "without a word"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t id = begin("ann", cases[i].phil);
        tunes_run(tunes, id);
        assert_int_equal(look(id, &body), TUNE_FAILED);
        if (!strstr(body.text, cases[i].text))
            fail_msg("%s: %s", cases[i].phil, body.text);
    }
    str_free(&body);
}

static void what_runs_is_ended_with_the_server(void **state)
{
    (void)state;
    struct str body = {0};
    int64_t id = begin("ann", "sleep");
    tunes_stop(tunes);
    tunes_run(tunes, id); /* would sleep for a minute */
    assert_int_equal(look(id, &body), TUNE_FAILED);
    str_free(&body);
}

static int setup(void **state)
{
    (void)state;
    tunes = tunes_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tunes_free(tunes);
    return 0;
}

static int play(int argc, char **argv)
{
    const char *changes = "";
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "--changes"))
            changes = argv[i + 1];
    if (!strcmp(changes, "crash")) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    if (!strcmp(changes, "sleep"))
        sleep(60);
    if (!strcmp(changes, "silent"))
        return 1;
    if (!strcmp(changes, "fail")) {
        fprintf(stderr, "error: no such parameter\nhint: look\n");
        return 2;
    }
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], "--out") && strcmp(changes, "none") != 0) {
            FILE *f = fopen(argv[i + 1], "w");
            fputs(changes, f);
            fclose(f);
        }
    printf("{");
    bool skip = false;
    const char *blank = "";
    for (int i = 3; i < argc; i++) { /* without the limits, which are the server's affair */
        bool limit =
            !strcmp(argv[i], "--memory") || !strcmp(argv[i], "--seconds") || !strcmp(argv[i], "--try");
        if (!skip && !limit) {
            printf("%s%s", blank, argv[i]);
            blank = " ";
        }
        skip = limit;
    }
    printf("}");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && (!strcmp(argv[1], "tune") || !strcmp(argv[1], "mask")))
        return play(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_program_says_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(a_mask_comes_as_the_file_that_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(one_at_a_time_for_each_and_two_in_all, setup, teardown),
        cmocka_unit_test_setup_teardown(a_death_is_told_and_is_none_of_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(what_runs_is_ended_with_the_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
