/* drive.h - the same life of jobs with every scheduler: submitted, asked for, found by name, ended, cancelled. */
#ifndef XFELX_TEST_DRIVE_H
#define XFELX_TEST_DRIVE_H

#include "batch/batch.h"

#include "support.h"

#include <string.h>
#include <time.h>

/* Run a script of test/services or of the shims; its lines NAME=value go into our environment. Skips where it cannot run. */
static inline void drive_service(const char *command)
{
    const char *const argv[] = {"bash", "-c", command, NULL};
    struct child_answer a;
    struct error err = {0};
    assert_true(child_run(&(struct child){.argv = argv, .seconds = 120}, &a, &err));
    if (a.exit_code == 77) {
        print_message("%s", a.err.text ? a.err.text : "cannot run here");
        child_answer_free(&a);
        skip();
    }
    if (a.exit_code != 0)
        fail_msg("%s: %s", command, a.err.text ? a.err.text : "");
    for (char *line = a.out.text ? strtok(a.out.text, "\n") : NULL; line; line = strtok(NULL, "\n"))
        if (strchr(line, '='))
            putenv(strdup(line));
    child_answer_free(&a);
}

static inline struct batch_answer drive_submit(const struct batch_site *site, const char *folder,
                                               const char *name, const char *options, const char *script)
{
    struct arena a = {0};
    struct error err = {0};
    struct batch_answer answer;
    char *path = arena_printf(&a, "%s/%s.sh", folder, name),
         *text = arena_printf(&a, "#!/bin/sh\n%s\n%s\n", options, script);
    assert_true(fs_write_atomic(path, text, strlen(text), &err));
    if (!site->ops->submit(site, path, &answer, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    arena_free(&a);
    return answer;
}

/* Ask until the job has this state; the row of the last answer. */
static inline struct batch_job drive_until(const struct batch_site *site, const char *id,
                                           enum attempt_state state)
{
    struct batch_job last = {.state = ATTEMPT_UNKNOWN};
    for (int i = 0; i < 200; i++) {
        struct arena a = {0};
        struct batch_table t = {.arena = &a};
        struct error err = {0};
        const char *const ids[] = {id, "999999"}; /* one that is not known must not spoil the answer */
        if (!site->ops->status(site, ids, 2, &t, &err))
            fail_msg("%s: %s", err.fact, err.detail);
        const struct batch_job *job = batch_table_find(&t, id);
        if (job)
            last = *job;
        assert_null(batch_table_find(&t, "999999"));
        arena_free(&a);
        if (last.state == state)
            return last;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    fail_msg("job %s is %s (%s, %s), not %s", id, attempt_state_word(last.state), last.raw, last.reason,
             attempt_state_word(state));
    return last;
}

/* A line for the scheduler: what stands before the name of a job, and what behind it. */
static inline void drive(const struct batch_site *site, const char *folder, const char *before,
                         const char *behind)
{
    struct arena a = {0};
    struct error err = {0};
    int64_t begin = clock_now();
    struct batch_answer three =
        drive_submit(site, folder, "xt3", arena_printf(&a, "%sxt3%s", before, behind), "exit 3");
    if (three.verdict != BATCH_ACCEPTED)
        fail_msg("refused: %s", three.text);
    struct batch_answer well =
        drive_submit(site, folder, "xt0", arena_printf(&a, "%sxt0%s", before, behind), "exit 0");
    struct batch_answer rest =
        drive_submit(site, folder, "xt9", arena_printf(&a, "%sxt9%s", before, behind), "sleep 60");
    assert_true(well.verdict == BATCH_ACCEPTED && rest.verdict == BATCH_ACCEPTED);

    drive_until(site, rest.id, ATTEMPT_RUNNING);
    struct batch_table found = {.arena = &a};
    if (!site->ops->find(site, "xt9", begin, &found, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    assert_true(found.n == 1 && !strcmp(found.jobs[0].id, rest.id));
    assert_true(site->ops->cancel(site, rest.id, &err));

    struct batch_job job = drive_until(site, three.id, ATTEMPT_ENDED);
    if (job.end != END_EXIT || job.exit_code != 3)
        fail_msg("ended as %s, code %d (%s)", end_kind_word(job.end), job.exit_code, job.raw);
    assert_int_equal(drive_until(site, well.id, ATTEMPT_ENDED).end, END_OK);
    job = drive_until(site, rest.id, ATTEMPT_ENDED);
    assert_true(job.end == END_CANCELLED || job.end == END_SIGNAL);
    assert_true(site->ops->cancel(site, rest.id, &err)); /* gone already: no failure */

    found.n = 0;
    assert_true(site->ops->find(site, "never-submitted", begin, &found, &err) && found.n == 0);
    arena_free(&a);
}

#endif
