#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/drive.h"

#include <unistd.h>

static char folder[64];

static void jobs_live_on_the_real_thing(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_site site = {.ops = &batch_slurm};
    if (access("test/services/slurm", X_OK) != 0) {
        print_message("needs test/services/slurm\n");
        skip();
    }
    support_folder(folder);
    drive_service(arena_printf(&a, "SLURM_TEST_ACCOUNTING=1 exec test/services/slurm start %s/s", folder));
    drive(&site, folder, "#SBATCH --job-name=", " --time=2 --output=/dev/null");
    /* a script that ends well although its step did not: only accounting knows */
    struct batch_answer step = drive_submit(&site, folder, "xts", "#SBATCH --time=2 --output=/dev/null",
                                            "srun -n1 sh -c 'exit 7'; exit 0");
    assert_int_equal(step.verdict, BATCH_ACCEPTED);
    struct batch_job job = drive_until(&site, step.id, ATTEMPT_ENDED);
    /* accounting is told later: slurmctld's agent sleeps for 10 s when slurmdbd was too busy to answer it */
    for (int i = 0; i < 60 && job.end == END_OK; i++) {
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        job = drive_until(&site, step.id, ATTEMPT_ENDED);
    }
    if (job.end != END_EXIT || job.exit_code != 7)
        fail_msg("ended as %s, code %d (%s, %s)", end_kind_word(job.end), job.exit_code, job.raw, job.reason);
    struct batch_answer answer = drive_submit(&site, folder, "bad", "#SBATCH --partition=nowhere", "exit 0");
    assert_int_equal(answer.verdict, BATCH_REFUSED);
    assert_true(strlen(answer.text) > 10);
    arena_free(&a);
}

static int stop(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command,
             "SLURM_TEST_ACCOUNTING=1 test/services/slurm stop %s/s >/dev/null 2>&1; rm -rf %s", folder,
             folder);
    return *folder && system(command) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(jobs_live_on_the_real_thing)};
    return cmocka_run_group_tests(tests, NULL, stop);
}
