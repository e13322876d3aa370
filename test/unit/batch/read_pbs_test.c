#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/text.h"

#include <stdlib.h>
#include <string.h>

static const char good[] =
    "{\n\t\"timestamp\":1,\n\t\"Jobs\":{\n\t\t\"12.server\":{\n\t\t\t\"Job_Name\":\"run12\",\n"
    "\t\t\t\"job_state\":\"F\",\n\t\t\t\"Exit_status\":271,\n\t\t\t\"stime\":\"Wed Nov 25 19:18:39 2026\",\n"
    "\t\t\t\"Variable_List\":{\n\t\t\t\t\"job_state\":\"R\"%s\n\t\t\t},\n\t\t\t\"comment\":\"Job "
    "run\"\n\t\t},\n"
    "\t\t\"13.server\":{\n\t\t\t\"Job_Name\":13,\n\t\t\t\"job_state\":\"H\",\n\t\t\t\"Hold_Types\":"
    "\"u\"\n\t\t}\n\t}\n}\n";

static void check(const struct batch_table *t)
{
    assert_int_equal(t->n, 2);
    const struct batch_job *one = batch_table_find(t, "12.server"), *two = batch_table_find(t, "13.server");
    assert_string_equal(one->name, "run12");
    assert_int_equal(one->state, ATTEMPT_ENDED);
    assert_int_equal(one->end, END_CANCELLED);
    assert_int_equal(one->exit_signal, 15);
    assert_int_equal(one->start_t, 1795634319000000000);
    assert_string_equal(one->reason, "Job run");
    assert_string_equal(two->name, "13");
    assert_int_equal(two->state, ATTEMPT_BLOCKED);
}

static void json_is_read_valid_or_not(void **state)
{
    (void)state;
    static const char *const broken[] = {"", ",\n\t\t\t\t\"foo\":005", ",\n\t\t\t\t\"IT\":\"it\\'s\"",
                                         ",\n\t\t\t\t\"FUNC\":\"() { echo \"x\"; }\""};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct arena a = {0};
        struct batch_table t = {.arena = &a};
        char *text = arena_printf(&a, good, broken[i]);
        pbs_read_json(text, strlen(text), &t);
        check(&t);
        arena_free(&a);
    }
}

static void an_answer_without_jobs_has_none(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table t = {.arena = &a};
    static const char *const texts[] = {"{\"timestamp\":1}", "", "qstat: Unknown Job Id 9.server\n",
                                        "{\"Jobs\":[]}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        pbs_read_json(texts[i], strlen(texts[i]), &t);
    assert_int_equal(t.n, 0);
    arena_free(&a);
}

static void the_text_form_is_read(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table t = {.arena = &a};
    pbs_read_full("Job Id: 12.server\n    Job_Name = run12\n    job_state = F\n    Exit_status = 271\n    "
                  "stime = Wed Nov 25 19:18:39 "
                  "2026\n    Variable_List = A=b,\n\tjob_state = R\n    comment = Job run\n\nJob Id: "
                  "13.server\n    Job_Name = 13\n"
                  "    job_state = H\n    Hold_Types = u\n",
                  &t);
    check(&t);
    arena_free(&a);
}

static void numbers_of_the_server_have_their_meaning(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum end_kind end;
    } rows[] = {{0, END_OK},          {143, END_CANCELLED}, {271, END_CANCELLED}, {1, END_EXIT},
                {75, END_UNFINISHED}, {139, END_SIGNAL},    {265, END_SIGNAL},    {-1, END_LAUNCH},
                {-4, END_NODE},       {-27, END_MEMORY},    {-29, END_TIMEOUT},   {-99, END_OTHER}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct batch_table t = {.arena = &a};
        pbs_read_full(
            arena_printf(&a, "Job Id: 1.s\n    job_state = F\n    Exit_status = %d\n", rows[i].status), &t);
        assert_int_equal(t.jobs[0].end, rows[i].end);
        arena_free(&a);
    }
}

/* A job that stops in good order when it is deleted has its own exit code; the server's substate tells. */
static void deleted_and_hopeless_jobs_are_known(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table t = {.arena = &a};
    pbs_read_full(
        "Job Id: 1.s\n    job_state = F\n    Exit_status = 75\n    substate = 91\n\n"
        "Job Id: 2.s\n    job_state = H\n    Hold_Types = s\n    comment = job held, too many failed "
        "attempts to run\n\n"
        "Job Id: 3.s\n    job_state = H\n    Hold_Types = s\n",
        &t);
    assert_int_equal(t.n, 3);
    assert_int_equal(t.jobs[0].end, END_CANCELLED);
    assert_int_equal(t.jobs[1].state, ATTEMPT_BLOCKED);
    assert_int_equal(t.jobs[2].state, ATTEMPT_QUEUED);
    arena_free(&a);
}

static void ids_are_found(void **state)
{
    (void)state;
    char id[64];
    assert_true(pbs_read_id("123.server.site.org\n", id, sizeof id));
    assert_string_equal(id, "123.server.site.org");
    assert_true(pbs_read_id("note: be nice\n124[].server\n", id, sizeof id));
    assert_false(pbs_read_id("qsub: Unknown queue\n", id, sizeof id));
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_read_valid_or_not),
        cmocka_unit_test(an_answer_without_jobs_has_none),
        cmocka_unit_test(the_text_form_is_read),
        cmocka_unit_test(numbers_of_the_server_have_their_meaning),
        cmocka_unit_test(deleted_and_hopeless_jobs_are_known),
        cmocka_unit_test(ids_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
