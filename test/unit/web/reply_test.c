/* reply_test.c - what every answer says of itself, and one copy of the same for all. */
#include "web/private.h"

#include "support.h"

#include "served.h"

static int start(void **state)
{
    (void)state;
    served_start();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    served_stop();
    return 0;
}

static void every_answer_has_the_fields_that_protect_it(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/", "/api/v1/jobs", "/api/v1/me", "/nothing", "/api/v1/jobs/x", "/assets/x/y", "/metrics"};
    static const char *const fields[] = {"\r\nX-Content-Type-Options: nosniff\r\n",
                                         "\r\nContent-Security-Policy: default-src 'none'",
                                         "\r\nReferrer-Policy: no-referrer\r\n",
                                         "\r\nCache-Control: ",
                                         "\r\nVary: ",
                                         "\r\nContent-Length: "};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *answer = served_ask("GET", paths[i], "", NULL);
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++)
            if (!strstr(answer, fields[k]))
                fail_msg("%s: without %s: %s", paths[i], fields[k] + 2, answer);
    }
}

/* More who ask at the same time than the queue of the workers has places: nobody is sent away for the others' sake. */
static void a_crowd_with_one_question_is_answered_whole(void **state)
{
    (void)state;
    enum { CROWD = 200 };
    int fd[CROWD];
    struct str q = {0};
    str_printf(&q,
               "GET /api/v1/overview HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: "
               "Bearer %s\r\n\r\n",
               served_token);
    for (int i = 0; i < CROWD; i++)
        fd[i] = served_connect();
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(send(fd[i], q.text, q.len, MSG_NOSIGNAL), (ssize_t)q.len);
    for (int i = 0; i < CROWD; i++) {
        const char *answer = served_talk(fd[i], "", 0, NULL);
        assert_int_equal(served_status(answer), 200);
        struct error err = {0};
        struct json *j = json_parse(served_body(answer), strlen(served_body(answer)), "answer", &err);
        assert_non_null(j);
        json_free(j);
        close(fd[i]);
    }
    str_free(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_has_the_fields_that_protect_it),
        cmocka_unit_test(a_crowd_with_one_question_is_answered_whole),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
