#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/command.h"

#include <stdlib.h>
#include <string.h>

static void commands_do_not_see_the_job_we_are_in(void **state)
{
    (void)state;
    struct batch_site site = {.ops = &batch_slurm, .set = (const char *const[]){"MINE=1", NULL}};
    struct command_line c = {0};
    struct child_answer a;
    struct error err = {0};
    setenv("SBATCH_PARTITION", "outer", 1);
    setenv("SLURM_NNODES", "9", 1);
    setenv("SLURM_CONF", "/etc/s", 1);
    command_add_all(&c, (const char *const[]){"sh", "-c", NULL});
    command_add(&c,
                "echo \"${SBATCH_PARTITION-}${SLURM_NNODES-} $SLURM_CONF $LC_ALL $SLURM_TIME_FORMAT $MINE\"");
    assert_true(command_run(&site, &c, "/", NULL, &a, &err));
    assert_string_equal(a.out.text, " /etc/s C %s 1\n");
    child_answer_free(&a);
    command_free(&c);
}

static void answers_are_judged_by_id_and_text(void **state)
{
    (void)state;
    struct batch_answer out;
    struct child_answer a = {.exit_code = 0};
    str_add(&a.out, "note\n17\n");
    command_judge(&a, slurm_read_id, slurm_texts, &out);
    assert_true(out.verdict == BATCH_ACCEPTED && !strcmp(out.id, "17"));
    a.exit_code = 1;
    str_add(&a.err, "\nsbatch: error: invalid partition specified: x\nmore\n");
    command_judge(&a, slurm_read_id, slurm_texts, &out);
    assert_int_equal(out.verdict, BATCH_REFUSED);
    assert_string_equal(out.text, "sbatch: error: invalid partition specified: x");
    child_answer_free(&a);
    a = (struct child_answer){.exit_code = -1, .timed_out = true};
    command_judge(&a, slurm_read_id, slurm_texts, &out);
    assert_int_equal(out.verdict, BATCH_UNCLEAR);
    assert_string_equal(out.text, "no answer in time");
}

static void ids_are_joined(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_string_equal(join_ids(&a, (const char *const[]){"1", "22", "3"}, 3, ','), "1,22,3");
    assert_string_equal(join_ids(&a, NULL, 0, ','), "");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_do_not_see_the_job_we_are_in),
        cmocka_unit_test(answers_are_judged_by_id_and_text),
        cmocka_unit_test(ids_are_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
