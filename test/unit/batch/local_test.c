/* local_test.c - the queue of one machine: order, cores, cancelling, what is left when its processes are killed. */
#include "batch/local_queue.h"

#include "base/owner.h"
#include "batch/drive.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

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
    support_remove(folder);
    return 0;
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

/* The file of a job as it would be after these processes. */
static void pretend(const char *id, const char *keeper, const char *child, int64_t cancel_t)
{
    struct local_queue q;
    assert_true(local_open(&q, NULL));
    for (size_t i = 0; i < q.n; i++)
        if (q.jobs[i].number == atoll(id)) {
            q.jobs[i].keeper = keeper, q.jobs[i].child = child, q.jobs[i].cancel_t = cancel_t;
            assert_true(local_write(&q, &q.jobs[i], NULL));
        }
    local_close(&q);
}

/* A job that waits behind one that takes all cores. */
static struct batch_answer give_second(struct batch_answer *first)
{
    char script[128];
    snprintf(script, sizeof script, "while [ ! -e %s/go ]; do sleep 0.05; done", folder);
    *first = give("first", (int)local_machine().cores, script);
    return give("second", (int)local_machine().cores, "exit 0");
}

static void let_go(void)
{
    char command[128];
    snprintf(command, sizeof command, "touch %s/go", folder);
    assert_int_equal(system(command), 0);
}

/* What ran when the machine went down is told as lost with its node, and holds no cores. */
static void a_start_of_the_machine_ends_what_ran(void **state)
{
    (void)state;
    char host[65] = "", before[OWNER];
    gethostname(host, sizeof host - 1);
    snprintf(before, sizeof before, "01234567-89ab-cdef-0123-456789abcdef-4026531836 17 5 %s", host);
    struct batch_answer first, second = give_second(&first);
    pretend(second.id, before, before, 0);
    struct batch_job row = row_of(second.id);
    assert_int_equal(row.state, ATTEMPT_ENDED);
    assert_int_equal(row.end, END_NODE);
    let_go();
    assert_int_equal(ended(first.id).end, END_OK);
}

/* Processes in another container: they may live. Asked twice to end the job, we let it go. */
static void what_cannot_be_seen_is_forgotten_when_asked_twice(void **state)
{
    (void)state;
    struct error err = {0};
    struct batch_answer first, second = give_second(&first);
    pretend(second.id, "another-boot 17 5 other", "another-boot 18 5 other", 0);
    assert_int_equal(row_of(second.id).state, ATTEMPT_RUNNING);
    assert_true(batch_local.cancel(&site, second.id, &err));
    assert_int_equal(row_of(second.id).state, ATTEMPT_RUNNING);
    pretend(second.id, "another-boot 17 5 other", "another-boot 18 5 other",
            clock_now() - 31 * INT64_C(1000000000));
    assert_true(batch_local.cancel(&site, second.id, &err));
    assert_int_equal(row_of(second.id).end, END_CANCELLED);
    let_go();
    assert_int_equal(ended(first.id).end, END_OK);
}

/* One of several processes that hand jobs in; each job leaves a line. */
static pid_t start_submitter(int which, int jobs)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    for (int i = 0; i < jobs; i++) {
        char name[32], script[256];
        snprintf(name, sizeof name, "s%d.%d", which, i);
        snprintf(script, sizeof script, "echo %s >>%s/%s.ran", name, folder, name);
        give(name, 1, script);
    }
    _exit(0);
}

/* Five submitters of ten jobs each at once, two of them killed on their way: who was answered has a job of a number of its own, and every
 * job in the queue runs once. */
static void many_hand_in_at_once_and_some_are_killed(void **state)
{
    (void)state;
    enum { SUBMITTERS = 5, JOBS = 10, KILLED = 2 };
    pid_t pids[SUBMITTERS];
    for (int i = 0; i < SUBMITTERS; i++)
        pids[i] = start_submitter(i, JOBS);
    for (int i = 0; i < KILLED; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 7000000 + 11000000 * i}, NULL);
        kill(pids[i], SIGKILL);
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(i < KILLED || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    }
    struct local_queue q;
    int waits = 1;
    for (int tries = 0; waits && tries < 400; tries++) {
        row_of("0.none"); /* whoever asks moves the queue on */
        assert_true(local_open(&q, NULL));
        waits = 0;
        for (size_t i = 0; i < q.n; i++)
            waits += q.jobs[i].end == END_NONE;
        local_close(&q);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    assert_int_equal(waits, 0);
    assert_true(local_open(&q, NULL));
    assert_in_range(q.n, (SUBMITTERS - KILLED) * JOBS, SUBMITTERS * JOBS);
    for (size_t i = 0; i < q.n; i++) {
        char path[256];
        struct stat s;
        snprintf(path, sizeof path, "%s/%s.ran", folder, q.jobs[i].name);
        assert_int_equal(stat(path, &s), 0);
        assert_int_equal(s.st_size, (int)strlen(q.jobs[i].name) + 1); /* one line: it ran once */
        assert_int_equal(q.jobs[i].end, END_OK);
        for (size_t k = 0; k < i; k++)
            assert_true(strcmp(q.jobs[i].name, q.jobs[k].name) != 0);
    }
    local_close(&q);
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
        CASE(a_start_of_the_machine_ends_what_ran),
        CASE(what_cannot_be_seen_is_forgotten_when_asked_twice),
        CASE(many_hand_in_at_once_and_some_are_killed),
        CASE(a_job_is_found_by_its_name_and_has_the_environment_of_who_gave_it),
        CASE(a_folder_that_others_may_write_to_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
