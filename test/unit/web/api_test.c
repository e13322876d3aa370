/* api_test.c - what the API says of a job that is done. */
#include "served.h"

#include "report/report.h"

static struct json *ask(const char *path)
{
    struct error err = {0};
    const char *answer = served_ask("GET", path, "", NULL);
    if (served_status(answer) != 200)
        fail_msg("%s: %s", path, answer);
    struct json *j = json_parse(served_body(answer), strlen(served_body(answer)), path, &err);
    assert_non_null(j);
    return j;
}

static double number(const struct json *object, const char *key)
{
    double value = -1;
    json_number(json_get(object, key), &value);
    return value;
}

static void a_job_says_its_counts_with_denominators(void **state)
{
    (void)state;
    served_start();
    struct json *all = ask("/api/v1/jobs"), *one = ask("/api/v1/jobs/1"), *sum = ask("/api/v1/overview");
    const struct json *job = json_at(json_get(all, "jobs"), 0);
    assert_int_equal(json_size(json_get(all, "jobs")), 1);
    assert_string_equal(json_text(json_get(job, "state")), "done");
    assert_double_equal(number(job, "frames"), 20, 0);
    assert_double_equal(number(json_get(job, "hit"), "n"), 19, 0);
    assert_double_equal(number(json_get(job, "hit"), "k"), 0, 0);
    assert_true(json_is_null(json_get(json_get(job, "indexed"), "p"))); /* none of none is not known */
    assert_double_equal(number(json_get(one, "outcomes"), "failed"), 1, 0);
    assert_double_equal(number(json_get(sum, "totals"), "frames"), 20, 0);
    json_free(all);
    json_free(one);
    json_free(sum);
    struct json *strip = ask("/api/v1/jobs/1/strip?bins=5");
    assert_double_equal(number(strip, "frames"), 20, 0);
    assert_double_equal(number(strip, "step"), 4, 0);
    assert_int_equal(json_size(json_get(json_get(strip, "bins"), "frames")), 5);
    json_free(strip);
    struct json *detector = ask("/api/v1/detector?minutes=10");
    assert_true(json_is_null(json_get(detector, "powder"))); /* no file is beside its results */
    assert_int_equal(json_size(json_get(json_get(detector, "shifts"), "dx_px")), 10);
    json_free(detector);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/detector?minutes=9", "", NULL)), 400);
    struct json *weather = ask("/api/v1/jobs/1/weather");
    const struct json *rank = json_at(json_get(json_at(json_get(weather, "tries"), 0), "ranks"), 0);
    assert_double_equal(number(rank, "frames"), 20, 0);
    assert_double_equal(number(rank, "failed"), 1, 0);
    assert_int_equal(strlen(json_text(json_get(rank, "kind"))), WEATHER_BINS);
    json_free(weather);
    struct json *panels = ask("/api/v1/detector/1/panels?of=trial"),
                *levels = ask("/api/v1/detector/1/levels");
    assert_true(json_is_null(json_get(panels, "residuals")));
    assert_int_equal(json_size(json_get(levels, "panels")), 0);
    json_free(panels);
    json_free(levels);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/detector/1/panels?of=all", "", NULL)), 400);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/detector/1/image.png", "", NULL)), 404);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/detector/1/image.png?kind=x", "", NULL)), 400);
    static const char *const bad[] = {"bins=0", "bins=2001", "from=-1", "from=9&to=9", "to=x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char path[64];
        snprintf(path, sizeof path, "/api/v1/jobs/1/strip?%s", bad[i]);
        assert_int_equal(served_status(served_ask("GET", path, "", NULL)), 400);
    }
    assert_int_equal(served_status(served_ask("GET", "/api/v1/runs?newest=0", "", NULL)), 400);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/jobs/2", "", NULL)), 404);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/jobs/1x", "", NULL)), 404);
    served_stop();
}

/* The same bytes as `xfelx status --json` writes; but for ages, which go on between two looks. */
static void the_overview_is_that_of_the_report(void **state)
{
    (void)state;
    served_start();
    struct error err = {0};
    struct store *s = NULL;
    struct arena a = {0};
    struct str mine = {0}, theirs = {0};
    struct overview_sources in;
    struct standing o;
    struct json_writer w = {.out = &mine};
    str_add(&theirs, served_body(served_ask("GET", "/api/v1/overview", "", NULL)));
    assert_true(database_open(true, &s, &err));
    assert_true(overview_read(s, &(struct overview_asked){0}, &a, &in, &err));
    overview_make(&in, &a, &o);
    json_object(&w, NULL);
    overview_json(&o, "a <b>", 0, &w);
    json_end_object(&w);
    const char *usual = "\"usual\": ", *to = "\"queue\"";
    size_t n = (size_t)(strstr(mine.text, to) - strstr(mine.text, usual));
    assert_true(n > 1000);
    assert_int_equal(strncmp(strstr(theirs.text, usual), strstr(mine.text, usual), n), 0);
    str_free(&mine);
    str_free(&theirs);
    arena_free(&a);
    store_close(s);
    served_stop();
}

static void the_log_of_alarms_says_until_when(void **state)
{
    (void)state;
    served_start();
    struct error err = {0};
    struct store *s = NULL;
    assert_true(database_open(false, &s, &err));
    const struct store_alarm_now now = {"jet", "<b> few hits", ""};
    assert_true(store_alarms_note(s, &now, 1, NULL, NULL, &err));
    store_close(s);
    struct json *j = ask("/api/v1/alarms");
    const struct json *x = json_at(json_get(j, "alarms"), 0);
    assert_int_equal(json_size(json_get(j, "alarms")), 1);
    assert_string_equal(json_text(json_get(x, "text")), "<b> few hits");
    assert_true(json_is_null(json_get(x, "until")) && number(x, "since") > 0);
    assert_non_null(strstr(json_text(json_get(x, "hint")), "jet"));
    json_free(j);
    served_stop();
}

static void the_doctor_says_what_the_server_sees_and_what_was_kept(void **state)
{
    (void)state;
    served_start();
    struct error err = {0};
    struct store *s = NULL;
    struct json *j = ask("/api/v1/doctor");
    assert_true(json_is_null(json_get(j, "kept")));
    assert_true(json_size(json_get(json_get(j, "server"), "findings")) >= 5);
    json_free(j);
    assert_true(database_open(false, &s, &err));
    assert_true(store_keep_word(s, "doctor",
                                "{\"t\": 5, \"host\": \"h\", \"well\": false, \"later\": [1], \"findings\": "
                                "[{\"check\": \"folders\", \"level\": \"bad\", "
                                "\"fact\": \"<b>\", \"hint\": null}, 7]}",
                                &err));
    j = ask("/api/v1/doctor?2"); /* an answer is kept for a second */
    const struct json *kept = json_get(j, "kept");
    assert_double_equal(number(kept, "t"), 5, 0);
    assert_string_equal(json_text(json_get(json_at(json_get(kept, "findings"), 0), "fact")), "<b>");
    json_free(j);
    assert_true(store_keep_word(s, "doctor", "no JSON at all", &err));
    j = ask("/api/v1/doctor?3");
    assert_true(json_is_null(json_get(j, "kept")));
    json_free(j);
    store_close(s);
    served_stop();
}

static void files_of_the_page_are_kept_for_ever_and_unknown_ones_are_not_there(void **state)
{
    (void)state;
    served_start();
    const char *page = served_ask("GET", "/", "", NULL), *at = strstr(page, "src=\"assets/");
    assert_non_null(strstr(page, "a &lt;b&gt;"));
    char path[96], head[128];
    snprintf(path, sizeof path, "/%.*s", (int)strcspn(at + 5, "\""), at + 5);
    const char *file = served_ask("GET", path, "", NULL), *etag = strstr(file, "ETag: ");
    assert_non_null(strstr(file, "immutable"));
    snprintf(head, sizeof head, "If-None-Match: %.*s\r\n", (int)strcspn(etag + 6, "\r"), etag + 6);
    assert_int_equal(served_status(served_ask("GET", path, head, NULL)), 304);
    assert_non_null(
        strstr(served_ask("GET", path, "Accept-Encoding: gzip\r\n", NULL), "Content-Encoding: gzip"));
    strcpy(strrchr(path, '/'), "/nothing.js");
    assert_int_equal(served_status(served_ask("GET", path, "", NULL)), 404);
    served_stop();
}

static void health_and_readiness_tell_the_truth(void **state)
{
    (void)state;
    served_start();
    assert_int_equal(served_status(served_ask("GET", "/readyz", "", NULL)), 200);
    assert_non_null(
        strstr(served_ask("GET", "/metrics", "", NULL), "xfelx_http_requests_total{code=\"200\"}"));
    served_stop();
    served_start();
    unlink(database_file); /* as if it had gone; a worker that has not opened it cannot */
    if (!database_is_server())
        assert_int_equal(served_status(served_ask("GET", "/readyz", "", NULL)), 503);
    assert_int_equal(served_status(served_ask("GET", "/healthz", "", NULL)), 200);
    served_stop();
}

#define JSON_HEAD "X-Xfelx: 1\r\nContent-Type: application/json\r\n"

static int change(const char *head, const char *body)
{
    return served_status(served_ask("POST", "/api/v1/requests", head, body));
}

static void a_change_is_done_once_and_shows_who_did_it(void **state)
{
    (void)state;
    served_start();
    static const char tag[] = "{\"do\": \"run.tag\", \"runs\": \"1#1\", \"tag\": \"<b>dark\", \"key\": "
                              "\"00112233445566778899aabbccddeeff\"}";
    const char *answer = served_ask("POST", "/api/v1/requests", JSON_HEAD, tag);
    if (served_status(answer) != 202)
        fail_msg("%s", answer);
    assert_int_equal(change(JSON_HEAD, tag), 202); /* the same request again */
    struct json *run = ask("/api/v1/runs/1"), *log = ask("/api/v1/log"), *runs = ask("/api/v1/runs");
    assert_int_equal(json_size(json_get(run, "tags")), 1);
    assert_string_equal(json_text(json_at(json_get(run, "tags"), 0)), "<b>dark");
    assert_int_equal(json_size(json_get(runs, "rows")), 1);
    size_t by_web = 0;
    for (const struct json *c = json_first(json_get(log, "changes")); c; c = json_next(c))
        by_web += strcmp(json_text(json_get(c, "by")), "web") == 0 &&
                  strcmp(json_text(json_get(c, "verb")), "run.tag") == 0 &&
                  strcmp(json_text(json_get(c, "name")), json_text(json_get(run, "name"))) == 0;
    assert_int_equal(by_web, 1);
    assert_null(strchr(served_body(served_ask("GET", "/api/v1/runs/1", "", NULL)), '<'));
    json_free(run);
    json_free(log);
    json_free(runs);
    served_stop();
}

static void what_is_no_change_is_refused_and_nothing_happens(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "7",
        "{}",
        "{\"do\": 1}",
        "{\"do\": \"rm -rf\"}",
        "{\"do\": \"run.tag\"}",
        "{\"do\": \"trial.add\", \"phil\": \"include file /etc/passwd\"}",
        "{\"do\": \"trial.add\", \"phil\": \"mp.env_script=x\"}",
        "{\"do\": \"task.add\", \"name\": \"x\", \"kind\": \"script\", \"text\": \"id\"}",
        "{\"do\": \"run.tag\", \"runs\": \"1\", \"tag\": {\"a\": 1}}",
        "{\"do\": \"run.tag\", \"runs\": \"1\", \"tag\": \"x\", \"key\": \"xyz\"}",
        "{\"do\": \"run.tag\", \"runs\": \"1\", \"tag\": \"x\", \"shell\": \"id\"}"};
    served_start();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int status = change(JSON_HEAD, bad[i]);
        if (status != 400)
            fail_msg("%d to %s", status, bad[i]);
    }
    static const char good[] = "{\"do\": \"run.tag\", \"runs\": \"1#1\", \"tag\": \"x\"}";
    assert_int_equal(change("Content-Type: application/json\r\n", good), 403);
    assert_int_equal(change("X-Xfelx: 1\r\nContent-Type: text/plain\r\n", good), 415);
    assert_int_equal(change(JSON_HEAD "Origin: http://evil.example\r\n", good), 403);
    assert_int_equal(change(JSON_HEAD "Sec-Fetch-Site: cross-site\r\n", good), 403);
    strcpy(served_token, "wrong");
    assert_int_equal(change(JSON_HEAD, good), 401);
    snprintf(served_token, sizeof served_token, "%s", strstr(web_link(served), "?t=") + 3);
    struct json *run = ask("/api/v1/runs/1");
    assert_int_equal(json_size(json_get(run, "tags")), 0);
    json_free(run);
    served_stop();
}

static const char *log_line(const struct json *log, size_t i)
{
    return json_text(json_at(json_get(log, "lines"), i));
}

static void a_log_is_shown_by_its_end_and_whatever_is_in_it_is_text(void **state)
{
    (void)state;
    static const char nasty[] = "first\n<script>alert(1)</script>\r\n\x1b[31mred\0\xff\tend\n 10 %\r 20 %\n";
    char path[128], set[256];
    struct str text = {0};
    struct error err = {0};
    served_start();
    struct json *none = ask("/api/v1/jobs/1/attempts/1/log");
    assert_non_null(strstr(json_text(json_get(none, "why")), "no log file"));
    json_free(none);
    snprintf(path, sizeof path, "%s/out.log", database_folder);
    snprintf(set, sizeof set, "UPDATE attempt SET log_path='%s'", path);
    database_do(set);
    none = ask("/api/v1/jobs/1/attempts/1/log?lines=9"); /* other lines: answers are kept a second */
    assert_non_null(strstr(json_text(json_get(none, "why")), "cannot open"));
    assert_int_equal(json_size(json_get(none, "lines")), 0);
    json_free(none);
    for (int i = 0; i < 300000; i++)
        str_addc(&text, 'x');
    str_addc(&text, '\n');
    str_addn(&text, nasty, sizeof nasty - 1);
    assert_true(fs_write_atomic(path, text.text, text.len, &err));
    assert_null(
        strchr(served_body(served_ask("GET", "/api/v1/jobs/1/attempts/1/log?lines=100", "", NULL)), '<'));
    struct json *log = ask("/api/v1/jobs/1/attempts/1/log?lines=100"),
                *two = ask("/api/v1/jobs/1/attempts/1/log?lines=2");
    assert_true(json_is_null(json_get(log, "why")));
    assert_double_equal(number(log, "bytes"), (double)text.len, 0);
    assert_int_equal(json_size(json_get(log, "lines")), 5); /* the cut line is left out */
    assert_string_equal(log_line(log, 0), "first");
    assert_string_equal(log_line(log, 1), "<script>alert(1)</script>");
    assert_string_equal(log_line(log, 2), "\\x1b[31mred \\xff end");
    assert_int_equal(json_size(json_get(two, "lines")), 2);
    assert_string_equal(log_line(two, 1), " 20 %");
    json_free(log);
    json_free(two);
    assert_true(fs_write_atomic(path, text.text, 9999, &err)); /* one line without an end */
    log = ask("/api/v1/jobs/1/attempts/1/log?lines=5");
    assert_int_equal(json_size(json_get(log, "lines")), 1);
    assert_int_equal(strlen(log_line(log, 0)), 2000 + strlen(" …"));
    json_free(log);
    str_free(&text);
    static const struct {
        const char *path;
        int status;
    } cases[] = {{"/api/v1/jobs/1/attempts/2/log", 404},
                 {"/api/v1/jobs/9/attempts/1/log", 404},
                 {"/api/v1/jobs/1/attempts/x/log", 404},
                 {"/api/v1/jobs/1/attempts/1/log?lines=0", 400},
                 {"/api/v1/jobs/1/attempts/1/log?lines=2001", 400}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(served_status(served_ask("GET", cases[i].path, "", NULL)), cases[i].status);
    served_stop();
}

static void a_job_says_what_each_rank_did(void **state)
{
    (void)state;
    served_start();
    struct json *job = ask("/api/v1/jobs/1");
    const struct json *rank = json_at(json_get(job, "ranks"), 0);
    assert_double_equal(number(job, "n_ranks"), 1, 0);
    assert_double_equal(number(rank, "attempt"), 1, 0);
    assert_double_equal(number(rank, "frames"), 20, 0);
    assert_double_equal(number(rank, "failed"), 1, 0);
    json_free(job);
    served_stop();
}

static void cells_of_nothing_are_not_known(void **state)
{
    (void)state;
    static const char *const choices[] = {"", "?job=1", "?run=1"};
    served_start();
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        char path[64];
        snprintf(path, sizeof path, "/api/v1/cells%s", choices[i]);
        struct json *cells = ask(path);
        const struct json *a = json_at(json_get(cells, "axes"), 0);
        assert_int_equal(json_size(json_get(cells, "axes")), 6);
        assert_true(json_is_null(json_get(json_get(a, "cell"), "median")));
        assert_double_equal(number(cells, "jobs"), 0, 0); /* no job without a lattice is read */
        json_free(cells);
    }
    assert_int_equal(served_status(served_ask("GET", "/api/v1/cells?trial=x", "", NULL)), 400);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/cells?job=-3", "", NULL)), 400);
    const char *nan = served_ask("GET", "/api/v1/cells?eps=nan", "", NULL);
    assert_int_equal(served_status(nan), 400);
    assert_non_null(strstr(nan, "without it it is found"));
    assert_non_null(strstr(served_ask("GET", "/api/v1/compare?trial=1", "", NULL), "the first is what"));
    served_stop();
}

static void what_a_query_names_has_to_be_there(void **state)
{
    (void)state;
    static const struct {
        const char *path, *code;
    } gone[] = {
        {"detector?job=99", "no_such_job"},  {"detector/99/panels", "no_such_job"},
        {"jobs/99/weather", "no_such_job"},  {"detector/99/levels", "no_such_job"},
        {"cells?trial=99", "no_such_trial"}, {"cells?job=99", "no_such_job"},
        {"cells?run=99", "no_such_run"},     {"cells?tag=%3Cb%3E", "no_such_tag"},
        {"labels?run=99", "no_such_run"},    {"labels?trial=99", "no_such_trial"},
        {"labels?tag=x", "no_such_tag"},     {"cells/covariance.json?trial=99", "no_such_trial"},
    };
    served_start();
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        char path[64];
        snprintf(path, sizeof path, "/api/v1/%s", gone[i].path);
        const char *answer = served_ask("GET", path, "", NULL);
        assert_int_equal(served_status(answer), 404);
        assert_non_null(strstr(answer, gone[i].code));
    }
    served_stop();
}

static void a_dataset_has_its_shells_or_none(void **state)
{
    (void)state;
    served_start();
    database_do("INSERT INTO dataset(id,name,op,active,goal) VALUES(3,'<i>',1,1,'40')");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(31,3,2,5)");
    struct json *all = ask("/api/v1/datasets"), *one = ask("/api/v1/datasets/3");
    assert_double_equal(number(json_at(json_get(all, "datasets"), 0), "id"), 3, 0);
    assert_double_equal(number(one, "goal"), 40, 0);
    assert_double_equal(number(one, "lattices"), 0, 0);
    assert_int_equal(json_size(json_get(one, "versions")), 1);
    assert_int_equal(json_size(json_get(one, "shells")), 0);
    json_free(all);
    json_free(one);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/datasets/4", "", NULL)), 404);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/datasets/x", "", NULL)), 404);
    served_stop();
    served_start(); /* what was answered a second ago is answered again */
    database_do("INSERT INTO dataset(id,name,op,active) VALUES(3,'a',1,1)");
    database_do("INSERT INTO dataset_version(id,dataset,version,created) VALUES(31,3,2,5)");
    database_do("INSERT INTO merge_stats(version,job,shell,d_min,possible,uniq,meas,lattices) "
                "VALUES(31,1,0,1.75,100,90,900,55)");
    one = ask("/api/v1/datasets/3");
    const struct json *shell = json_at(json_get(one, "shells"), 0);
    assert_double_equal(number(shell, "version"), 2, 0);
    assert_double_equal(number(shell, "unique"), 90, 0);
    assert_true(json_is_null(json_get(shell, "cc_half")));
    json_free(one);
    served_stop();
}

static void frames_are_listed_and_a_file_that_is_gone_is_said(void **state)
{
    (void)state;
    served_start();
    struct json *failed = ask("/api/v1/frames?job=1&list=failed"),
                *hits = ask("/api/v1/frames?job=1&list=hits"), *one = ask("/api/v1/frames/1/0/0");
    assert_int_equal(json_size(json_get(failed, "frames")), 1);
    assert_int_equal(json_size(json_get(hits, "frames")), 0);
    assert_string_equal(json_text(json_get(one, "outcome")), "failed");
    assert_string_equal(json_text(json_get(one, "reason")), "truncated");
    json_free(failed);
    json_free(hits);
    json_free(one);
    static const struct {
        const char *path;
        int status;
    } cases[] = {{"/api/v1/frames/1/0/0/image.png", 422},
                 {"/api/v1/frames/1/0/77/image.png", 404},
                 {"/api/v1/frames/1/0/-1/image.png", 404},
                 {"/api/v1/frames/1/0/x/image.png", 404},
                 {"/api/v1/frames/1/0/0/image.png?size=9", 400},
                 {"/api/v1/frames/1/0/0/image.png?size=99999", 400},
                 {"/api/v1/frames/1/0/0/image.png?lo=nan", 400},
                 {"/api/v1/frames/1/0/0/image.png?lo=3&hi=3", 400},
                 {"/api/v1/frames/1/0/99999999999/image.png", 404},
                 {"/api/v1/frames?job=1&list=all", 400},
                 {"/api/v1/frames", 400},
                 {"/api/v1/overview?minutes=9", 400},
                 {"/api/v1/runs/0", 404},
                 {"/api/v1/runs/1%231", 200},
                 {"/api/v1/runs/1%232", 404},
                 {"/api/v1/runs/x%27%20or%201=1", 404},
                 {"/api/v1/runs/99", 404}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = served_status(served_ask("GET", cases[i].path, "", NULL));
        if (status != cases[i].status)
            fail_msg("%s: %d", cases[i].path, status);
    }
    served_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_says_its_counts_with_denominators),
        cmocka_unit_test(the_overview_is_that_of_the_report),
        cmocka_unit_test(the_log_of_alarms_says_until_when),
        cmocka_unit_test(the_doctor_says_what_the_server_sees_and_what_was_kept),
        cmocka_unit_test(files_of_the_page_are_kept_for_ever_and_unknown_ones_are_not_there),
        cmocka_unit_test(health_and_readiness_tell_the_truth),
        cmocka_unit_test(a_change_is_done_once_and_shows_who_did_it),
        cmocka_unit_test(what_is_no_change_is_refused_and_nothing_happens),
        cmocka_unit_test(a_log_is_shown_by_its_end_and_whatever_is_in_it_is_text),
        cmocka_unit_test(a_job_says_what_each_rank_did),
        cmocka_unit_test(cells_of_nothing_are_not_known),
        cmocka_unit_test(what_a_query_names_has_to_be_there),
        cmocka_unit_test(a_dataset_has_its_shells_or_none),
        cmocka_unit_test(frames_are_listed_and_a_file_that_is_gone_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
