/* api_test.c - what the API says of a job that is done. */
#include "served.h"

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
    assert_double_equal(number(sum, "frames"), 20, 0);
    json_free(all);
    json_free(one);
    json_free(sum);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/jobs/2", "", NULL)), 404);
    assert_int_equal(served_status(served_ask("GET", "/api/v1/jobs/1x", "", NULL)), 404);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_says_its_counts_with_denominators),
        cmocka_unit_test(files_of_the_page_are_kept_for_ever_and_unknown_ones_are_not_there),
        cmocka_unit_test(health_and_readiness_tell_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
