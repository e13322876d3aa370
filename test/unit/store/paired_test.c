/* paired_test.c - the same frames in two jobs. */
#include "done_job.h"

static void frames_of_both_jobs_are_counted_by_both_outcomes(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = NULL;
    uint64_t n[PAIRED_OUTCOMES][PAIRED_OUTCOMES], sum = 0;
    database_place();
    done_job(30);
    database_do(
        "INSERT INTO "
        "frame(job,source,frame,attempt,writer,outcome,reason,flags,label,n_lattice,n_strong,n_sat,event,"
        "t_event,t_done,ev_rec,ev_used,ev_src,pulse_mj,dist_mm,res_a,ring,stages) SELECT "
        "9,source,frame,attempt,writer,CASE WHEN frame%2=1 THEN 3 ELSE outcome END,"
        "reason,flags,label,n_lattice,n_strong,n_sat,event,t_event,t_done,ev_rec,ev_used,ev_src,pulse_mj,"
        "dist_mm,res_a,ring,stages FROM frame WHERE frame<20");
    assert_true(database_open(true, &s, &err));
    assert_true(store_paired(s, 1, 9, n, &err));
    for (int a = 0; a < PAIRED_OUTCOMES; a++)
        for (int b = 0; b < PAIRED_OUTCOMES; b++)
            sum += n[a][b];
    assert_int_equal(sum, 20);
    assert_int_equal(n[OUTCOME_BLANK][OUTCOME_HIT_NOT_INDEXED], 10);
    assert_int_equal(n[OUTCOME_BLANK][OUTCOME_BLANK], 9);
    assert_int_equal(n[OUTCOME_FAILED][OUTCOME_FAILED], 1);
    assert_true(store_paired(s, 1, 1234, n, &err));
    assert_int_equal(n[OUTCOME_BLANK][OUTCOME_BLANK], 0);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frames_of_both_jobs_are_counted_by_both_outcomes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
