/* connections_test.c - who takes too long is shut down, nobody else. */
#include "web/connections.h"

#include "support.h"

#include <sys/socket.h>

#define SECOND INT64_C(1000000000)

static bool is_shut(int other_end)
{
    char c;
    return recv(other_end, &c, 1, MSG_DONTWAIT) == 0;
}

static void late_connections_end_and_others_stay(void **state)
{
    (void)state;
    struct connections *all = connections_make();
    int pairs[3][2];
    struct connection *c[3];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
        c[i] = connection_open(all, pairs[i][0], i * SECOND);
    }
    connection_allow(all, c[1], 0, SECOND);                     /* its request is whole */
    connection_allow(all, c[2], CONNECTION_BODY_S, 3 * SECOND); /* its head is */
    assert_int_equal(connections_end_late(all, 9 * SECOND), 0);
    assert_int_equal(connections_end_late(all, 10 * SECOND), 1);
    assert_true(is_shut(pairs[0][1]));
    assert_false(is_shut(pairs[1][1]));
    assert_false(is_shut(pairs[2][1]));
    assert_int_equal(connections_end_late(all, 23 * SECOND), 1);
    assert_true(is_shut(pairs[2][1]));
    assert_int_equal(connections_end_late(all, 1000 * SECOND), 0);
    assert_int_equal(connections_open(all), 3);
    for (int i = 0; i < 3; i++) {
        connection_close(all, c[i]);
        close(pairs[i][0]);
        close(pairs[i][1]);
    }
    assert_int_equal(connections_open(all), 0);
    connections_free(all);
}

static void answers_that_nobody_takes_make_room_for_others(void **state)
{
    (void)state;
    enum { MANY = 5 };
    int pair[MANY][2];
    char byte;
    struct connection *c[MANY];
    struct connections *all = connections_make();
    size_t quarter = CONNECTIONS_HELD_MOST / 4;
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair[i]), 0);
        c[i] = connection_open(all, pair[i][0], 0);
    }
    for (int i = 0; i < 4; i++)
        assert_true(connection_answer(all, c[i], quarter, i));
    assert_false(connection_answer(all, c[4], 1, 1000)); /* all may still be reading */
    int64_t later = (CONNECTION_READS_S + 1) * INT64_C(1000000000);
    assert_true(connection_answer(all, c[4], quarter, later));
    assert_int_equal(recv(pair[0][1], &byte, 1, 0), 0); /* the oldest has gone */
    assert_int_equal(recv(pair[1][1], &byte, 1, 0), -1);
    connection_allow(all, c[1], 0, later); /* this one has it now */
    assert_true(connection_answer(all, c[1], quarter, later));
    assert_int_equal(recv(pair[2][1], &byte, 1, 0), -1);
    assert_int_equal(connections_end_late(all, later + 1000 * later),
                     0 + 4); /* 64 MiB take an hour at most */
    for (int i = 0; i < MANY; i++) {
        connection_close(all, c[i]);
        close(pair[i][0]);
        close(pair[i][1]);
    }
    assert_int_equal(connections_open(all), 0);
    connections_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_connections_end_and_others_stay),
        cmocka_unit_test(answers_that_nobody_takes_make_room_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
