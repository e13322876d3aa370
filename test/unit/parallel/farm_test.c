/* farm_test.c - a program alone needs no messages; ranks hear each other, and miss who is silent. */
#include "threads.h"

static void a_program_alone_is_rank_0_of_1_with_all_its_cpus(void **state)
{
    (void)state;
    struct error err = {0};
    struct launch alone = {.size = 1};
    struct farm *f;
    struct str bytes = {0};
    assert_true(farm_open(&alone, "xfelx 1", &f, &err));
    assert_int_equal(farm_rank(f), 0);
    assert_int_equal(farm_ranks(f), 1);
    assert_int_equal(farm_threads(f), proc_cpus());
    assert_true(farm_share(f, &bytes, &err));
    farm_message(f);
    assert_false(farm_send(f, 1, MESSAGE_ASK, &err)); /* to nobody */
    assert_int_equal(farm_end(f, 75), 75);
    farm_close(f, 75);
    farm_close(NULL, 0);
}

static void messages_come_in_order_and_beats_stay_inside(void **state)
{
    (void)state;
    struct error err = {0};
    struct farm *f[2];
    struct message m;
    threads_open(f, 2);
    wire_u32(farm_message(f[1]), 5);
    assert_true(farm_send(f[1], 0, MESSAGE_ASK, &err));
    f[1]->beat -= (int64_t)(BEAT_SECONDS + 1) * 1000000000;
    assert_true(farm_beat(f[1], &err));
    farm_message(f[1]);
    assert_true(farm_send(f[1], 0, MESSAGE_BYE, &err));
    assert_int_equal(farm_receive(f[0], &m, &err), 1);
    assert_int_equal(m.type, MESSAGE_ASK);
    assert_int_equal(m.from, 1);
    assert_int_equal(farm_receive(f[0], &m, &err), 1);
    assert_int_equal(m.type, MESSAGE_BYE);
    assert_int_equal(farm_receive(f[0], &m, &err), 0);
    farm_close(f[0], 0);
    farm_close(f[1], 0);
}

static int64_t seconds(double s)
{
    return (int64_t)(1e9 * s);
}

static void who_is_silent_for_too_long_is_away_and_who_is_heard_again_is_not(void **state)
{
    (void)state;
    struct error err = {0};
    struct farm *f[2];
    struct message m;
    threads_open(f, 2);
    assert_false(farm_away(f[0], 1));
    f[0]->heard[1] -= seconds(SILENCE_SECONDS + 1);
    assert_true(farm_away(f[0], 1));
    assert_true(farm_beat(f[0], &err));
    assert_false(f[0]->lost); /* the job goes on */
    f[1]->beat -= seconds(BEAT_SECONDS + 1);
    assert_true(farm_beat(f[1], &err));
    assert_int_equal(farm_receive(f[0], &m, &err), 0);
    assert_false(farm_away(f[0], 1));
    farm_close(f[0], 0);
    farm_close(f[1], 0);
}

static void who_says_that_it_hangs_is_away_until_it_says_otherwise(void **state)
{
    (void)state;
    struct error err = {0};
    struct farm *f[2];
    struct message m;
    threads_open(f, 2);
    for (int hangs = 1; hangs >= 0; hangs--) {
        f[1]->hangs = hangs;
        f[1]->beat -= seconds(BEAT_SECONDS + 1);
        assert_true(farm_beat(f[1], &err));
        assert_int_equal(farm_receive(f[0], &m, &err), 0);
        assert_int_equal(farm_away(f[0], 1), hangs);
    }
    farm_close(f[0], 0);
    farm_close(f[1], 0);
}

static void without_rank_0_a_rank_gives_up_later(void **state)
{
    (void)state;
    struct error err = {0};
    struct farm *f[2];
    threads_open(f, 2);
    f[1]->beat -= seconds(BEAT_SECONDS + 1);
    f[1]->heard[0] -= seconds(SILENCE_SECONDS + 1);
    assert_true(farm_beat(f[1], &err));
    f[1]->beat -= seconds(BEAT_SECONDS + 1);
    f[1]->heard[0] -= seconds(SILENCE_OF_0 * SILENCE_SECONDS);
    assert_false(farm_beat(f[1], &err));
    assert_true(f[1]->lost);
    assert_non_null(strstr(err.fact, "rank 0"));
    farm_close(f[0], 0);
    farm_close(f[1], 0);
}

static void our_own_absence_is_held_against_nobody(void **state)
{
    (void)state;
    struct error err = {0};
    struct farm *f[2];
    threads_open(f, 2);
    for (int r = 0; r < 2; r++) { /* stopped for ten minutes, messages not read yet */
        f[r]->beat -= seconds(600);
        f[r]->looked -= seconds(600);
        f[r]->heard[1 - r] -= seconds(601);
        assert_true(farm_beat(f[r], &err));
        assert_false(farm_away(f[r], 1 - (uint32_t)r));
    }
    farm_close(f[0], 0);
    farm_close(f[1], 0);
}

static void the_end_brings_rank_0s_code_to_all(void **state)
{
    (void)state;
    struct farm *f[3];
    threads_open(f, 3);
    assert_int_equal(farm_end(f[0], 75), 75);
    assert_int_equal(farm_end(f[1], 0), 75);
    assert_int_equal(farm_end(f[2], 1), 75);
    for (int r = 0; r < 3; r++)
        farm_close(f[r], 75);
}

static void bytes_that_are_no_message_are_an_error(void **state)
{
    (void)state;
    struct error err = {0};
    struct farm *f[2];
    struct message m;
    threads_open(f, 2);
    assert_true(f[1]->ops->send(f[1], 0, "nonsense", 8, &err));
    assert_int_equal(farm_receive(f[0], &m, &err), -1);
    assert_int_equal(err.code, ERROR_INTERNAL);
    farm_close(f[0], 0);
    farm_close(f[1], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_alone_is_rank_0_of_1_with_all_its_cpus),
        cmocka_unit_test(messages_come_in_order_and_beats_stay_inside),
        cmocka_unit_test(who_is_silent_for_too_long_is_away_and_who_is_heard_again_is_not),
        cmocka_unit_test(who_says_that_it_hangs_is_away_until_it_says_otherwise),
        cmocka_unit_test(without_rank_0_a_rank_gives_up_later),
        cmocka_unit_test(our_own_absence_is_held_against_nobody),
        cmocka_unit_test(the_end_brings_rank_0s_code_to_all),
        cmocka_unit_test(bytes_that_are_no_message_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
