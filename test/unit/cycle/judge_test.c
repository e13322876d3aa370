/* judge_test.c - what became of an attempt, from its records, the scheduler's row and its lease. */
#include "cycle/judge.h"

#include "support.h"

#include <string.h>

#define S INT64_C(1000000000)

static const int64_t now = 10000 * S, grace = 120 * S;

static struct store_attempt attempt_in(enum attempt_state state)
{
    struct store_attempt a = {.attempt = 17, .job = 3, .live = true, .state = state};
    a.claim_t = a.submit_t = now - 600 * S;
    a.since_t = now - 60 * S;
    a.folder = a.log_path = a.reason = "";
    snprintf(a.sched_id, sizeof a.sched_id, "42");
    snprintf(a.name, sizeof a.name, "xf00000000-17");
    return a;
}

static struct batch_job row(enum attempt_state state, enum end_kind end)
{
    struct batch_job j = {.task = -1, .state = state, .end = end, .end_t = end ? now - 30 * S : 0};
    snprintf(j.id, sizeof j.id, "42");
    return j;
}

static struct batch_record end_of(int code, int number, const char *step)
{
    struct batch_record r = {.attempt = 17, .t = now - 10 * S, .exit_code = code, .exit_signal = number};
    snprintf(r.step, sizeof r.step, "%s", step);
    snprintf(r.last, sizeof r.last, "its last line");
    return r;
}

/* One row a case: what was known, what is to come of it. */
struct known {
    const char *what;
    enum attempt_state was;
    int waited; /* seconds in that state */
    bool begin, has_end;
    int code, number;
    const char *step;
    enum attempt_state row;
    enum end_kind row_end;
    bool no_row, silent;      /* the scheduler knows none; did not answer */
    enum attempt_state state; /* 0: nothing new */
    enum end_kind end;
};

// clang-format off
static const struct known cases[] = {
    {"ended well", ATTEMPT_RUNNING, 60, true, true, 0, 0, "process", ATTEMPT_RUNNING, 0, false, false, ATTEMPT_ENDED, END_OK},
    {"unfinished goes on", ATTEMPT_RUNNING, 60, true, true, 75, 12, "process", ATTEMPT_ENDED, END_EXIT, false, false, ATTEMPT_ENDED, END_UNFINISHED},
    {"failed", ATTEMPT_RUNNING, 60, true, true, 1, 0, "process", 0, 0, true, false, ATTEMPT_ENDED, END_EXIT},
    {"not there", ATTEMPT_RUNNING, 60, true, true, 127, 0, "launch", 0, 0, true, false, ATTEMPT_ENDED, END_LAUNCH},
    {"could not be copied", ATTEMPT_RUNNING, 60, true, true, 74, 0, "copy", 0, 0, true, false, ATTEMPT_ENDED, END_LAUNCH},
    {"killed by a signal", ATTEMPT_RUNNING, 60, true, true, 139, 0, "process", ATTEMPT_ENDED, END_EXIT, false, false, ATTEMPT_ENDED, END_SIGNAL},
    {"killed at its limit", ATTEMPT_RUNNING, 60, true, true, 143, 15, "process", ATTEMPT_ENDED, END_TIMEOUT, false, false, ATTEMPT_ENDED, END_TIMEOUT},
    {"killed, and the scheduler has yet to say why", ATTEMPT_RUNNING, 60, true, true, 143, 15, "process", ATTEMPT_RUNNING, 0, false, false, ATTEMPT_ENDING, 0},
    {"killed, and the scheduler never says why", ATTEMPT_ENDING, 121, true, true, 143, 15, "process", ATTEMPT_ENDING, 0, false, false, ATTEMPT_ENDED, END_SIGNAL},
    {"killed before the program began", ATTEMPT_RUNNING, 60, true, true, 143, 15, "copy", ATTEMPT_ENDED, END_CANCELLED, false, false, ATTEMPT_ENDED, END_CANCELLED},
    {"stopped in good order, for others cancelled it", ATTEMPT_ENDING, 5, true, true, 75, 15, "process", ATTEMPT_ENDED, END_CANCELLED, false, false, ATTEMPT_ENDED, END_CANCELLED},
    {"stopped in good order before its limit", ATTEMPT_RUNNING, 60, true, true, 75, 15, "process", ATTEMPT_ENDED, END_TIMEOUT, false, false, ATTEMPT_ENDED, END_UNFINISHED},
    {"too much memory", ATTEMPT_RUNNING, 60, true, true, 137, 0, "process", ATTEMPT_ENDED, END_MEMORY, false, false, ATTEMPT_ENDED, END_MEMORY},
    {"a step failed, the batch did not", ATTEMPT_RUNNING, 60, true, true, 0, 0, "process", ATTEMPT_ENDED, END_EXIT, false, false, ATTEMPT_ENDED, END_EXIT},
    {"the record is believed when the scheduler is down", ATTEMPT_RUNNING, 60, true, true, 0, 0, "process", 0, 0, true, true, ATTEMPT_ENDED, END_OK},
    {"out of time, no record", ATTEMPT_RUNNING, 60, true, false, 0, 0, "", ATTEMPT_ENDED, END_TIMEOUT, false, false, ATTEMPT_ENDED, END_TIMEOUT},
    {"node failure", ATTEMPT_RUNNING, 60, true, false, 0, 0, "", ATTEMPT_ENDED, END_NODE, false, false, ATTEMPT_ENDED, END_NODE},
    {"output path missing: it never began", ATTEMPT_QUEUED, 60, false, false, 0, 0, "", ATTEMPT_ENDED, END_LAUNCH, false, false, ATTEMPT_ENDED, END_LAUNCH},
    {"could not be started, says the scheduler, but it had begun: the record may be late", ATTEMPT_RUNNING, 60, true, false, 0, 0, "", ATTEMPT_ENDED, END_LAUNCH, false, false, ATTEMPT_ENDING, 0},
    {"it was killed with its script", ATTEMPT_ENDING, 121, true, false, 0, 0, "", ATTEMPT_ENDED, END_LAUNCH, false, false, ATTEMPT_ENDED, END_NODE},
    {"ended says the scheduler: the record may be late", ATTEMPT_RUNNING, 600, true, false, 0, 0, "", ATTEMPT_ENDED, END_OK, false, false, ATTEMPT_ENDING, 0},
    {"success without a record of the end is none", ATTEMPT_ENDING, 121, true, false, 0, 0, "", ATTEMPT_ENDED, END_OK, false, false, ATTEMPT_ENDED, END_NODE},
    {"a script of somebody else's leaves no records", ATTEMPT_ENDING, 121, false, false, 0, 0, "", ATTEMPT_ENDED, END_OK, false, false, ATTEMPT_ENDED, END_OK},
    {"ended somehow, never began", ATTEMPT_ENDING, 121, false, false, 0, 0, "", ATTEMPT_ENDED, END_NONE, false, false, ATTEMPT_ENDED, END_LAUNCH},
    {"still waiting for the record", ATTEMPT_ENDING, 60, true, false, 0, 0, "", ATTEMPT_ENDED, END_OK, false, false, 0, 0},
    {"waits", ATTEMPT_QUEUED, 60, false, false, 0, 0, "", ATTEMPT_QUEUED, 0, false, false, 0, 0},
    {"runs", ATTEMPT_QUEUED, 60, false, false, 0, 0, "", ATTEMPT_RUNNING, 0, false, false, ATTEMPT_RUNNING, 0},
    {"began, the queue lags", ATTEMPT_QUEUED, 60, true, false, 0, 0, "", ATTEMPT_QUEUED, 0, false, false, ATTEMPT_RUNNING, 0},
    {"is run again under its number", ATTEMPT_RUNNING, 60, true, false, 0, 0, "", ATTEMPT_QUEUED, END_REQUEUED, false, false, ATTEMPT_QUEUED, 0},
    {"blocked", ATTEMPT_QUEUED, 60, false, false, 0, 0, "", ATTEMPT_BLOCKED, 0, false, false, ATTEMPT_BLOCKED, 0},
    {"a word that is not known", ATTEMPT_RUNNING, 60, true, false, 0, 0, "", ATTEMPT_UNKNOWN, 0, false, false, 0, 0},
    {"running is never lost", ATTEMPT_RUNNING, 100000, true, false, 0, 0, "", ATTEMPT_RUNNING, 0, false, false, 0, 0},
    {"nobody knows it: unknown first", ATTEMPT_RUNNING, 100000, true, false, 0, 0, "", 0, 0, true, false, ATTEMPT_UNKNOWN, 0},
    {"unknown, not for long enough", ATTEMPT_UNKNOWN, 119, true, false, 0, 0, "", 0, 0, true, false, 0, 0},
    {"then lost", ATTEMPT_UNKNOWN, 120, true, false, 0, 0, "", 0, 0, true, false, ATTEMPT_LOST, END_NODE},
    {"a scheduler that is down loses nothing", ATTEMPT_UNKNOWN, 100000, false, false, 0, 0, "", 0, 0, true, true, 0, 0},
    {"it comes back", ATTEMPT_UNKNOWN, 100, true, false, 0, 0, "", ATTEMPT_RUNNING, 0, false, false, ATTEMPT_RUNNING, 0},
    {"began, says its record, and the scheduler is down", ATTEMPT_QUEUED, 60, true, false, 0, 0, "", 0, 0, true, true, ATTEMPT_RUNNING, 0},
};
// clang-format on

static void what_became_of_it_follows_from_who_is_to_be_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct known *k = &cases[i];
        struct store_attempt a = attempt_in(k->was);
        a.since_t = now - k->waited * S;
        a.start_t = k->was >= ATTEMPT_RUNNING ? now - 500 * S : 0;
        struct batch_record begin = {.attempt = 17, .t = now - 500 * S},
                            end = end_of(k->code, k->number, k->step);
        struct batch_job j = row(k->row, k->row_end);
        struct store_news news;
        const struct judged x = {.attempt = &a,
                                 .begin = k->begin ? &begin : NULL,
                                 .end = k->has_end ? &end : NULL,
                                 .job = k->no_row ? NULL : &j,
                                 .asked = !k->silent};
        bool any = judge(&x, now, grace, &news);
        if (any != (k->state != 0) || (any && (news.state != k->state || news.end != k->end)))
            fail_msg("%s: %s, %s (%s)", k->what, any ? attempt_state_word(news.state) : "nothing new",
                     end_kind_word(news.end), news.reason ? news.reason : "");
        assert_int_equal(news.attempt, 17);
    }
}

static void what_is_told_twice_is_no_news(void **state)
{
    (void)state;
    struct store_attempt a = attempt_in(ATTEMPT_BLOCKED);
    struct batch_job j = row(ATTEMPT_BLOCKED, 0);
    struct store_news news;
    snprintf(j.raw, sizeof j.raw, "PENDING");
    snprintf(j.reason, sizeof j.reason, "JobHeldUser");
    const struct judged x = {.attempt = &a, .job = &j, .asked = true};
    assert_true(judge(&x, now, grace, &news));
    assert_string_equal(news.reason, "JobHeldUser");
    a.reason = "JobHeldUser";
    snprintf(a.raw, sizeof a.raw, "PENDING");
    assert_false(judge(&x, now, grace, &news));
}

static void a_process_that_holds_its_lease_lives_whatever_the_scheduler_forgot(void **state)
{
    (void)state;
    struct store_attempt a = attempt_in(ATTEMPT_UNKNOWN);
    struct batch_record begin = {.attempt = 17, .t = now - 5000 * S};
    struct store_news news;
    a.since_t = now - 9000 * S;
    a.lease_t = now + 60 * S;
    const struct judged x = {.attempt = &a, .begin = &begin, .asked = true};
    assert_true(judge(&x, now, grace, &news));
    assert_int_equal(news.state, ATTEMPT_RUNNING);
    a.lease_t = now - 1;
    assert_true(judge(&x, now, grace, &news));
    assert_int_equal(news.state, ATTEMPT_LOST);
}

static void a_double_that_ends_at_once_does_not_end_the_one_at_work(void **state)
{
    (void)state;
    struct store_attempt a = attempt_in(ATTEMPT_RUNNING);
    struct batch_record begin = {.attempt = 17}, end = end_of(0, 0, "process");
    struct batch_job j = row(ATTEMPT_RUNNING, 0);
    struct store_news news;
    a.start_t = now - 500 * S;
    const struct judged x = {.attempt = &a, .begin = &begin, .end = &end, .job = &j, .asked = true};
    a.alive = true;
    assert_false(judge(&x, now, grace, &news));
    a.alive = false; /* now it is over */
    assert_true(judge(&x, now, grace, &news));
    assert_int_equal(news.end, END_OK);
}

static void what_we_asked_for_is_called_cancelled(void **state)
{
    (void)state;
    struct store_attempt a = attempt_in(ATTEMPT_RUNNING);
    struct batch_record begin = {.attempt = 17}, end = end_of(75, 15, "process");
    struct store_news news;
    const struct judged x = {.attempt = &a, .begin = &begin, .end = &end, .asked = true};
    a.cancel_asked = true;
    assert_true(judge(&x, now, grace, &news));
    assert_int_equal(news.end, END_CANCELLED);
    end = end_of(0, 0, "process"); /* it was done before it heard */
    assert_true(judge(&x, now, grace, &news));
    assert_int_equal(news.end, END_OK);
}

static void the_reason_of_a_failure_is_its_last_line(void **state)
{
    (void)state;
    struct store_attempt a = attempt_in(ATTEMPT_RUNNING);
    struct batch_record end = end_of(139, 0, "process");
    struct store_news news;
    const struct judged x = {.attempt = &a, .end = &end, .asked = true};
    assert_true(judge(&x, now, grace, &news));
    assert_string_equal(news.reason, "its last line");
    assert_int_equal(news.exit_signal, 11);
    assert_int_equal(news.end_t, now - 10 * S);
}

static void an_answer_that_was_lost_is_found_by_its_name(void **state)
{
    (void)state;
    struct store_attempt a = attempt_in(ATTEMPT_SUBMITTING);
    struct batch_job rows[3] = {row(ATTEMPT_QUEUED, 0), row(ATTEMPT_RUNNING, 0), row(ATTEMPT_QUEUED, 0)};
    struct store_news news;
    size_t adopt = 9;
    a.sched_id[0] = 0;
    for (int i = 0; i < 3; i++) {
        snprintf(rows[i].id, sizeof rows[i].id, "%d", 50 + i);
        rows[i].submit_t = now - (i == 1 ? 20 : 10) * S;
    }
    assert_true(judge_found(&a, rows, 3, now, grace, &adopt, &news));
    assert_int_equal(adopt, 1); /* the oldest */
    assert_string_equal(news.sched_id, "51");
    assert_int_equal(news.state, ATTEMPT_RUNNING);
    rows[0] =
        row(ATTEMPT_ENDED, END_OK); /* it ran before anybody looked: its records decide, in the next cycle */
    assert_true(judge_found(&a, rows, 1, now, grace, &adopt, &news));
    assert_int_equal(news.state, ATTEMPT_ENDING);
}

static void a_submission_that_never_arrived_is_as_if_it_had_not_been(void **state)
{
    (void)state;
    struct store_attempt a = attempt_in(ATTEMPT_SUBMITTING);
    struct store_news news;
    size_t adopt;
    a.sched_id[0] = 0;
    a.submit_t = now - (FIND_SECONDS - 1) * S;
    assert_false(judge_found(&a, NULL, 0, now, grace, &adopt, &news));
    a.submit_t = now - FIND_SECONDS * S;
    assert_true(judge_found(&a, NULL, 0, now, grace, &adopt, &news));
    assert_int_equal(news.state, ATTEMPT_ENDED);
    assert_int_equal(news.end, END_SUPERSEDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_became_of_it_follows_from_who_is_to_be_believed),
        cmocka_unit_test(what_is_told_twice_is_no_news),
        cmocka_unit_test(a_process_that_holds_its_lease_lives_whatever_the_scheduler_forgot),
        cmocka_unit_test(a_double_that_ends_at_once_does_not_end_the_one_at_work),
        cmocka_unit_test(what_we_asked_for_is_called_cancelled),
        cmocka_unit_test(the_reason_of_a_failure_is_its_last_line),
        cmocka_unit_test(an_answer_that_was_lost_is_found_by_its_name),
        cmocka_unit_test(a_submission_that_never_arrived_is_as_if_it_had_not_been),
    };
    return cmocka_run_group_tests_name("cycle/judge", tests, NULL, NULL);
}
