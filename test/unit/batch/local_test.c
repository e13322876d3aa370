/* local_test.c - the queue of one machine: order, cores, cancelling, what is left when its processes are killed. */
#include "batch/local_queue.h"

#include "batch/drive.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[64];
static const struct batch_site site = {.ops = &batch_local};

static int new_queue(void **state)
{
    (void)state;
    support_folder(folder);
    return setenv("XFELX_TMP", folder, 1);
}

static int no_queue(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct batch_answer give(const char *name, int cores, const char *script)
{
    char options[128];
    snprintf(options, sizeof options, "#XFELX name=%s\n#XFELX cores=%d", name, cores);
    return drive_submit(&site, folder, name, options, script);
}

static struct batch_job row_of(const char *id)
{
    struct arena a = {0};
    struct error err = {0};
    struct batch_table t = {.arena = &a};
    assert_true(batch_local.status(&site, &id, 1, &t, &err));
    const struct batch_job *found = batch_table_find(&t, id);
    struct batch_job row = found ? *found : (struct batch_job){0};
    arena_free(&a);
    return row;
}

static struct batch_job ended(const char *id)
{
    return drive_until(&site, id, ATTEMPT_ENDED);
}

static void how_jobs_end_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum end_kind end;
        int code, signal;
    } cases[] = {
        {"exit 0", END_OK, 0, 0},
        {"exit 3", END_EXIT, 3, 0},
        {"exit 75", END_UNFINISHED, 75, 0},
        {"kill -9 $$", END_SIGNAL, 0, 9},
        {"(kill -11 $(sh -c 'echo $PPID')); exit $?", END_SIGNAL, 139, 11},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct batch_answer a = give("ends", 1, cases[i].script);
        assert_int_equal(a.verdict, BATCH_ACCEPTED);
        struct batch_job row = ended(a.id);
        assert_int_equal(row.end, cases[i].end);
        assert_int_equal(row.exit_code, cases[i].code);
        assert_int_equal(row.exit_signal, cases[i].signal);
        assert_string_equal(row.name, "ends");
    }
}

/* 40 jobs that each add a line when they begin and when they end. */
static void all_jobs_run_once_and_never_on_more_cores_than_there_are(void **state)
{
    (void)state;
    enum { JOBS = 40 };
    struct batch_answer answers[JOBS];
    char script[256], name[16];
    snprintf(script, sizeof script, "echo + >>%s/lines; sleep 0.01; echo - >>%s/lines", folder, folder);
    for (int i = 0; i < JOBS; i++) {
        snprintf(name, sizeof name, "j%d", i);
        answers[i] = give(name, 1, script);
        assert_int_equal(answers[i].verdict, BATCH_ACCEPTED);
    }
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(ended(answers[i].id).end, END_OK);
    snprintf(script, sizeof script, "%s/lines", folder);
    FILE *f = fopen(script, "r");
    int at_once = 0, most = 0, begun = 0, c;
    while ((c = getc(f)) != EOF) {
        at_once += c == '+' ? 1 : c == '-' ? -1 : 0;
        begun += c == '+';
        most = at_once > most ? at_once : most;
    }
    fclose(f);
    assert_int_equal(begun, JOBS);
    assert_int_equal(at_once, 0);
    assert_in_range(most, 1, local_machine().cores);
}

static void nobody_overtakes_a_large_job(void **state)
{
    (void)state;
    struct local_job jobs[] = {
        {.number = 1, .keeper = "x", .child = "", .cores = 2},
        {.number = 2, .keeper = "", .child = "", .cores = 3},
        {.number = 3, .keeper = "", .child = "", .cores = 1},
    };
    struct local_queue q = {.jobs = jobs, .n = 3};
    assert_null(local_next(&q, (struct local_machine){4, 1000}));
    assert_ptr_equal(local_next(&q, (struct local_machine){5, 1000}), &jobs[1]);
    jobs[1].memory_mb = 2000;
    assert_null(local_next(&q, (struct local_machine){5, 1000}));
    jobs[0].end = END_OK; /* alone it runs, though the machine has shrunk since it was given in */
    assert_ptr_equal(local_next(&q, (struct local_machine){1, 1000}), &jobs[1]);
}

static void what_never_fits_is_refused(void **state)
{
    (void)state;
    struct batch_answer a = give("large", 100000, "exit 0");
    assert_int_equal(a.verdict, BATCH_REFUSED);
    assert_non_null(strstr(a.text, "asks for 100000 cores"));
}

static void a_job_is_cancelled_while_it_waits_and_while_it_runs(void **state)
{
    (void)state;
    struct error err = {0};
    int all = (int)local_machine().cores;
    struct batch_answer a = give("runs", all, "trap 'exit 75' TERM; sleep 60 & wait"),
                        b = give("waits", all, "exit 0");
    for (int i = 0; i < 200 && row_of(a.id).state != ATTEMPT_RUNNING; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL); /* its trap is set */
    assert_int_equal(row_of(b.id).state, ATTEMPT_QUEUED);
    assert_non_null(strstr(row_of(b.id).reason, "waits for"));
    assert_true(batch_local.cancel(&site, b.id, &err));
    assert_int_equal(row_of(b.id).end, END_CANCELLED);
    assert_true(batch_local.cancel(&site, a.id, &err));
    assert_int_equal(ended(a.id).end, END_CANCELLED);
    assert_true(batch_local.cancel(&site, a.id, &err)); /* gone already: no error */
    assert_true(batch_local.cancel(&site, "17.otherone", &err));
}

static void kill_keeper(const char *id)
{
    struct local_queue q;
    long pid = 0;
    assert_true(local_open(&q, NULL));
    for (size_t i = 0; i < q.n; i++)
        if (q.jobs[i].number == atoll(id))
            sscanf(q.jobs[i].keeper, "%*s %ld", &pid);
    local_close(&q);
    assert_true(pid > 1);
    kill((pid_t)pid, SIGKILL);
}

/* Its keeper is killed: the script runs on and is seen; then the next job goes on. */
static void a_killed_keeper_holds_nothing_up(void **state)
{
    (void)state;
    char script[256];
    int all = (int)local_machine().cores;
    snprintf(script, sizeof script, "while [ ! -e %s/go ]; do sleep 0.05; done", folder);
    struct batch_answer a = give("first", all, script), b = give("second", all, "exit 0");
    for (int i = 0; i < 200 && row_of(a.id).state != ATTEMPT_RUNNING; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    kill_keeper(a.id);
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    assert_int_equal(row_of(a.id).state, ATTEMPT_RUNNING);
    assert_int_equal(row_of(b.id).state, ATTEMPT_QUEUED);
    snprintf(script, sizeof script, "touch %s/go", folder);
    assert_int_equal(system(script), 0);
    assert_int_equal(ended(a.id).end, END_NODE);
    assert_int_equal(ended(b.id).end, END_OK);
}

/* Keepers killed at random moments: each job has run at most once, has ended, and nothing waits for ever. */
static void keepers_killed_at_any_time_lose_and_double_nothing(void **state)
{
    (void)state;
    enum { JOBS = 16 };
    struct batch_answer answers[JOBS];
    char script[256], name[16];
    for (int i = 0; i < JOBS; i++) {
        snprintf(name, sizeof name, "k%d", i);
        snprintf(script, sizeof script, "echo x >>%s/k%d.ran; sleep 0.02", folder, i);
        answers[i] = give(name, 1, script);
        for (int k = 0; k < 2; k++) { /* whoever keeps the newest jobs that run */
            struct local_queue q;
            long pid = 0;
            nanosleep(&(struct timespec){.tv_nsec = (i * 7919 + k * 104729) % 9000000}, NULL);
            assert_true(local_open(&q, NULL));
            for (size_t j = 0; j < q.n; j++)
                if (local_runs(&q.jobs[j]) && (i + k) % 3 == 0)
                    sscanf(q.jobs[j].keeper, "%*s %ld", &pid);
            local_close(&q);
            if (pid > 1)
                kill((pid_t)pid, SIGKILL);
        }
    }
    for (int i = 0; i < JOBS; i++) {
        struct batch_job row = ended(answers[i].id);
        struct stat s = {0};
        assert_true(row.end == END_OK || row.end == END_NODE);
        snprintf(script, sizeof script, "%s/k%d.ran", folder, i);
        stat(script, &s);
        assert_true(s.st_size == 2 || (s.st_size == 0 && row.end == END_NODE));
    }
}

static void a_job_is_found_by_its_name_and_has_the_environment_of_who_gave_it(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct batch_table t = {.arena = &a};
    int64_t before = clock_now();
    setenv("WORD_OF_MINE", "a b'c", 1);
    setenv("XFELX_DEADLINE", "1", 1);
    setenv("SLURM_JOB_ID", "1", 1);
    struct batch_answer x =
        give("xf1-9", 1, "[ \"$WORD_OF_MINE\" = \"a b'c\" ] && [ -z \"$XFELX_DEADLINE$SLURM_JOB_ID\" ]");
    unsetenv("XFELX_DEADLINE");
    unsetenv("SLURM_JOB_ID");
    assert_int_equal(ended(x.id).end, END_OK);
    assert_true(batch_local.find(&site, "xf1-9", before, &t, &err));
    assert_int_equal(t.n, 1);
    assert_string_equal(t.jobs[0].id, x.id);
    assert_true(batch_local.find(&site, "xf1", before, &t, &err));
    assert_int_equal(t.n, 1);
    arena_free(&a);
}

static void a_folder_that_others_may_write_to_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct local_queue q;
    char path[128];
    snprintf(path, sizeof path, "%s/xfelx-%ld", folder, (long)getuid());
    assert_true(local_open(&q, &err));
    local_close(&q);
    assert_int_equal(chmod(path, 0777), 0);
    assert_false(local_open(&q, &err));
    assert_non_null(strstr(err.fact, "yours alone"));
    assert_int_equal(chmod(path, 0700), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, new_queue, no_queue)
    const struct CMUnitTest tests[] = {
        CASE(how_jobs_end_is_told),
        CASE(all_jobs_run_once_and_never_on_more_cores_than_there_are),
        CASE(nobody_overtakes_a_large_job),
        CASE(what_never_fits_is_refused),
        CASE(a_job_is_cancelled_while_it_waits_and_while_it_runs),
        CASE(a_killed_keeper_holds_nothing_up),
        CASE(keepers_killed_at_any_time_lose_and_double_nothing),
        CASE(a_job_is_found_by_its_name_and_has_the_environment_of_who_gave_it),
        CASE(a_folder_that_others_may_write_to_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
