#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/text.h"

#include <stdlib.h>
#include <string.h>

static void the_last_row_of_an_id_counts(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_table t = {.arena = &a};
    for (int i = 0; i < 3; i++) {
        struct batch_job *job = batch_table_add(&t);
        strcpy(job->id, i == 1 ? "8" : "7");
        job->exit_code = i;
    }
    assert_int_equal(batch_table_find(&t, "7")->exit_code, 2);
    assert_int_equal(batch_table_find(&t, "8")->exit_code, 1);
    assert_null(batch_table_find(&t, "9"));
    assert_int_equal(t.jobs[0].task, -1);
    arena_free(&a);
}

static void an_answer_without_an_id_is_judged_by_its_text(void **state)
{
    (void)state;
    assert_int_equal(batch_judge(slurm_texts, 1,
                                 "sbatch: error: Batch job submission failed: Socket timed out on send/recv"),
                     BATCH_UNCLEAR);
    assert_int_equal(batch_judge(slurm_texts, 1, "error: invalid partition specified: nowhere"),
                     BATCH_REFUSED);
    assert_int_equal(
        batch_judge(slurm_texts, 1, "Job violates accounting/QOS policy (job submit limit, user's size)"),
        BATCH_LIMIT);
    assert_int_equal(batch_judge(slurm_texts, 0, "hello from the site"),
                     BATCH_UNCLEAR);                                   /* it said yes and named nothing */
    assert_int_equal(batch_judge(slurm_texts, -1, ""), BATCH_UNCLEAR); /* killed, or no answer in time */
    assert_int_equal(batch_judge(pbs_texts, 111, "qsub: cannot connect to server x (errno=111)"),
                     BATCH_UNCLEAR);
    assert_int_equal(batch_judge(sge_texts, 1, "Unable to run job: Error reading answer list from QMASTER."),
                     BATCH_UNCLEAR);
    assert_int_equal(batch_judge(lsf_texts, 255, "batch daemon not responding ... still trying"),
                     BATCH_UNCLEAR);
    assert_int_equal(batch_judge(lsf_texts, 255, "Bad resource requirement syntax. Job not submitted."),
                     BATCH_REFUSED);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_row_of_an_id_counts),
        cmocka_unit_test(an_answer_without_an_id_is_judged_by_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
