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

enum { MANY = 5 };

struct crowd {
    struct connections *all;
    struct connection *c[MANY];
    int pair[MANY][2];
};

static void gather(struct crowd *k)
{
    k->all = connections_make();
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, k->pair[i]), 0);
        k->c[i] = connection_open(k->all, k->pair[i][0], 0);
    }
}

static void part(struct crowd *k)
{
    for (int i = 0; i < MANY; i++) {
        connection_close(k->all, k->c[i]);
        close(k->pair[i][0]);
        close(k->pair[i][1]);
    }
    assert_int_equal(connections_open(k->all), 0);
    connections_free(k->all);
}

/* An answer of a quarter of what may be held. */
static void send_quarter(struct crowd *k, int i, int64_t now)
{
    struct web_answer a = {0};
    str_add(&a.body, "x");
    assert_true(answer_seal(&a));
    a.sealed->size = CONNECTIONS_HELD_MOST / 4; /* nobody looks at the bytes */
    connection_answer(k->all, k->c[i], a.sealed, now);
    answer_free(&a);
}

static bool is_gone(const struct crowd *k, int i)
{
    char bytes[64];
    while (recv(k->pair[i][1], bytes, sizeof bytes, 0) > 0)
        ;
    return recv(k->pair[i][1], bytes, 1, 0) == 0;
}

static void answers_that_nobody_takes_make_room_for_others(void **state)
{
    (void)state;
    struct crowd k;
    gather(&k);
    for (int i = 0; i < 4; i++)
        send_quarter(&k, i, i);
    send_quarter(&k, 4, 1000);
    assert_true(is_gone(&k, 0)); /* the oldest */
    assert_false(is_gone(&k, 1));
    connection_allow(k.all, k.c[1], 0, 1001); /* this one has it now: there is room */
    send_quarter(&k, 1, 1002);
    for (int i = 1; i < MANY; i++)
        assert_false(is_gone(&k, i));
    assert_int_equal(connections_end_late(k.all, 10000 * SECOND), 4); /* 12 MiB take half an hour at most */
    part(&k);
}

static void who_takes_his_answer_keeps_it(void **state)
{
    (void)state;
    struct crowd k;
    gather(&k);
    for (int i = 0; i < 4; i++)
        send_quarter(&k, i, i);
    assert_int_equal(send(k.pair[0][0], "some", 4, 0), 4); /* something moves there, nowhere else */
    send_quarter(&k, 4, SECOND);
    assert_false(is_gone(&k, 0));
    assert_true(is_gone(&k, 1));
    part(&k);
}

static void the_same_answer_of_many_is_counted_once(void **state)
{
    (void)state;
    struct crowd k;
    struct web_answer a = {0};
    gather(&k);
    str_add(&a.body, "x");
    assert_true(answer_seal(&a));
    a.sealed->size = CONNECTIONS_HELD_MOST - 1;
    for (int i = 0; i < MANY; i++)
        connection_answer(k.all, k.c[i], a.sealed, i);
    for (int i = 0; i < MANY; i++)
        assert_false(is_gone(&k, i));
    assert_int_equal(a.sealed->refs, 1 + MANY);
    send_quarter(&k, 4, 10); /* the other one is held as long as one sends it */
    for (int i = 0; i < 4; i++)
        assert_true(is_gone(&k, i));
    assert_false(is_gone(&k, 4));
    assert_int_equal(a.sealed->refs, 1);
    answer_free(&a);
    part(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_connections_end_and_others_stay),
        cmocka_unit_test(answers_that_nobody_takes_make_room_for_others),
        cmocka_unit_test(who_takes_his_answer_keeps_it),
        cmocka_unit_test(the_same_answer_of_many_is_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
