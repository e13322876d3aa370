/* watch_test.c - a change in the database reaches an open stream. */
#include "served.h"

static void frames_that_come_in_are_told(void **state)
{
    (void)state;
    served_start();
    char q[256];
    snprintf(q, sizeof q,
             "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
             served_token);
    int fd = served_connect();
    assert_non_null(strstr(served_talk(fd, q, strlen(q), "event: clock"), "event: clock"));
    struct sql s;
    struct error err = {0};
    struct store_options o = database_options();
    assert_true(sql_open(&s, &o, false, &err));
    assert_true(sql_script(&s, "UPDATE roll_change SET updated=updated+1;\n", &err));
    sql_close(&s);
    const char *told = served_talk(fd, "", 0, "event: delta");
    assert_non_null(strstr(told, "event: delta"));
    told = served_talk(fd, "", 0, "event: clock"); /* and then nothing new again */
    assert_non_null(strstr(told, "event: clock"));
    close(fd);
    served_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frames_that_come_in_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
