/* book_requests_test.c - what pages ask for: done once, refused with a reason, or left to the watcher. */
#include "book_rows.h"

#include <string.h>

static const struct store_by page = {"bo", STORE_VIA_WEB};

static struct store_request ask(struct store *s, struct arena *a, uint8_t key, const char *verb,
                                const char *args)
{
    struct error err = {0};
    struct store_request r;
    uint8_t ukey[16] = {key, 0xff, 0};
    MUST(store_request(s, &page, ukey, verb, args, a, &r, &err));
    return r;
}

static void a_request_of_rows_is_done_once(void **state)
{
    (void)state;
    struct arena a = {0};
    struct store *s = book_rows(3);
    struct store_request r = ask(s, &a, 1, "run.tag", "{\"runs\":\"1-2\",\"tag\":\"it's $(x)\"}");
    assert_int_equal(r.state, REQUEST_DONE);
    assert_string_equal(r.answer, "2 runs changed");
    struct store_request again = ask(s, &a, 1, "run.tag", "{\"runs\":\"1-2\",\"tag\":\"it's $(x)\"}");
    assert_int_equal(again.id, r.id);
    assert_int_equal(database_number("SELECT count(*) FROM run_tag"), 2);
    assert_int_equal(database_number("SELECT count(*) FROM audit WHERE via=2"), 3); /* the tag, two runs */
    arena_free(&a);
    book_end(s);
}

static void a_refused_one_changes_nothing_and_says_why(void **state)
{
    (void)state;
    struct arena a = {0};
    struct store *s = book_rows(3);
    uint32_t trial = book_trial(s, 1);
    struct store_request r = ask(s, &a, 2, "trial.comment", "{\"trial\":[1,99],\"text\":\"x\"}");
    assert_int_equal(trial, 1);
    assert_int_equal(r.state, REQUEST_REFUSED);
    assert_non_null(strstr(r.answer, "there is no trial 99"));
    assert_int_equal(database_number("SELECT count(*) FROM trial WHERE body='x'"), 0);
    arena_free(&a);
    book_end(s);
}

static void wrong_arguments_are_not_kept(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_request r;
    struct store *s = book_rows(1);
    static const char *const bad[][2] = {
        {"run.explode", "{}"},
        {"run.tag", "{\"runs\":1}"},
        {"run.tag", "[1]"},
        {"run.tag", "{"},
        {"run.tag", "{\"runs\":1,\"tag\":null}"},
        {"tag.add", "{\"name\":\"a\",\"shape\":\"round\"}"},
        {"tag.add", "{\"name\":5}"},
        {"note.add", "{\"about\":{},\"text\":\"x\"}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (struct error){0};
        assert_false(store_request(s, &page, (uint8_t[16]){1}, bad[i][0], bad[i][1], &a, &r, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
    assert_int_equal(database_number("SELECT count(*) FROM request"), 0);
    arena_free(&a);
    book_end(s);
}

static void values_of_any_wrong_type_are_refused(void **state)
{
    (void)state;
    struct arena a = {0};
    struct store *s = book_rows(1);
    static const char *const values[] = {"-1", "1.5", "{}", "[[1]]", "[null]", "\"\"", "true", "1e300"};
    static const char *const verbs[][2] = {{"run.comment", "{\"text\":\"x\",\"runs\":"},
                                           {"job.retry", "{\"jobs\":"},
                                           {"trial.active", "{\"trials\":"},
                                           {"group.add", "{\"first\":"},
                                           {"run.ignore", "{\"runs\":"},
                                           {"alarm.ack", "{\"alarm\":"},
                                           {"note.add", "{\"text\":\"x\",\"about\":\"run\",\"target\":"}};
    uint8_t key = 1;
    for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            char args[128];
            bool refused = true;
            snprintf(args, sizeof args, "%s%s}", verbs[v][1], values[i]);
            struct store_request r = ask(s, &a, key++, verbs[v][0], args);
            refused = r.state == REQUEST_REFUSED;
            if (!refused)
                fail_msg("%s %s: %s", verbs[v][0], args, r.answer);
        }
    assert_int_equal(database_number("SELECT count(*) FROM audit"), 0);
    arena_free(&a);
    book_end(s);
}

static void one_watcher_takes_what_touches_files(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_request *open;
    size_t n;
    bool taken;
    struct store *s = book_rows(1);
    struct store_request r = ask(s, &a, 1, "job.delete", "{\"jobs\":[1]}");
    assert_int_equal(r.state, REQUEST_ASKED);
    assert_int_equal(ask(s, &a, 2, "group.add", "{\"phil\":\"x=1\"}").state, REQUEST_ASKED);
    MUST(store_requests_open(s, 0, &a, &open, &n, &err));
    assert_int_equal(n, 2);
    MUST(store_request_take(s, open, &taken, &err));
    assert_true(taken);
    MUST(store_request_take(s, open, &taken, &err));
    assert_false(taken);
    MUST(store_requests_open(s, 0, &a, &open, &n, &err));
    assert_int_equal(n, 1);
    MUST(store_requests_open(s, INT64_MAX, &a, &open, &n, &err)); /* its taker died */
    assert_int_equal(n, 2);
    MUST(store_request_answer(s, open->id, true, "gone", &err));
    MUST(store_request_read(s, (uint8_t[16]){1, 0xff, 0}, &a, &r, &err));
    assert_int_equal(r.state, REQUEST_DONE);
    assert_string_equal(r.answer, "gone");
    arena_free(&a);
    book_end(s);
}

static void every_verb_that_touches_rows_can_be_asked_for(void **state)
{
    (void)state;
    static const char *const calls[][2] = {
        {"run.tag", "{\"runs\":[1,\"2\"],\"tag\":\"a\"}"},
        {"run.untag", "{\"runs\":1,\"tag\":\"a\"}"},
        {"run.comment", "{\"runs\":1,\"text\":\"x\"}"},
        {"run.ignore", "{\"runs\":1,\"ignored\":true}"},
        {"tag.add", "{\"name\":\"b\",\"colour\":\"#00ff00\",\"auto\":true}"},
        {"tag.edit", "{\"name\":\"b\",\"rename\":\"c\"}"},
        {"tag.remove", "{\"name\":\"c\"}"},
        {"trial.comment", "{\"trial\":1,\"text\":\"x\"}"},
        {"trial.active", "{\"trials\":\"1\",\"active\":false}"},
        {"group.add", "{\"first\":1,\"open\":true,\"trials\":1}"},
        {"group.edit", "{\"group\":1,\"last\":2,\"exclude\":1}"},
        {"group.active", "{\"groups\":1,\"active\":false}"},
        {"group.use", "{\"groups\":1,\"trials\":1,\"on\":false}"},
        {"task.add", "{\"name\":\"m\",\"kind\":\"merge\",\"text\":\"x = 1\"}"},
        {"task.revise", "{\"name\":\"m\",\"text\":\"x = 2\"}"},
        {"dataset.add", "{\"name\":\"d\",\"tags\":[\"a\"],\"tasks\":[\"m\"],\"all\":true,\"goal\":100}"},
        {"dataset.edit", "{\"name\":\"d\",\"active\":false}"},
        {"note.add", "{\"about\":\"run\",\"target\":1,\"text\":\"x\"}"},
        {"note.add", "{\"about\":\"shift\",\"text\":\"x\"}"},
    };
    struct arena a = {0};
    struct store *s = book_rows(2);
    book_trial(s, 1);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct store_request r = ask(s, &a, (uint8_t)(i + 1), calls[i][0], calls[i][1]);
        if (r.state != REQUEST_DONE)
            fail_msg("%s: %s", calls[i][0], r.answer);
    }
    arena_free(&a);
    book_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_of_rows_is_done_once),
        cmocka_unit_test(a_refused_one_changes_nothing_and_says_why),
        cmocka_unit_test(wrong_arguments_are_not_kept),
        cmocka_unit_test(values_of_any_wrong_type_are_refused),
        cmocka_unit_test(one_watcher_takes_what_touches_files),
        cmocka_unit_test(every_verb_that_touches_rows_can_be_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
