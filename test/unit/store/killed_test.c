/* killed_test.c - a process that is killed between any two statements leaves what the next one can go on with: nothing is half done,
 * nothing is done twice. On both kinds of database. */
#include "campaign_rows.h"

#include <signal.h>
#include <sys/wait.h>

/* ---- a connection that kills its process ---- */

static const struct store_ops *real_ops;
static struct store_ops deadly_ops;
static int statements_left;

static void live_or_die(void)
{
    if (statements_left-- == 0)
        raise(SIGKILL);
}

static bool deadly_script(struct sql *s, const char *text, struct error *err)
{
    live_or_die();
    bool ok = real_ops->script(s, text, err);
    live_or_die(); /* a commit whose answer nobody hears */
    return ok;
}

static bool deadly_run(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t n,
                       struct error *err)
{
    live_or_die();
    return real_ops->run(s, q, v, n, err);
}

static bool deadly_run_many(struct sql *s, struct sql_stmt *q, const struct sql_value *v, size_t columns,
                            size_t rows, int64_t *affected, struct error *err)
{
    live_or_die();
    return real_ops->run_many(s, q, v, columns, rows, affected, err);
}

static void make_deadly(struct store *s, int after)
{
    real_ops = s->sql.ops;
    deadly_ops = *real_ops;
    deadly_ops.script = deadly_script;
    deadly_ops.run = deadly_run;
    deadly_ops.run_many = deadly_run_many;
    s->sql.ops = &deadly_ops;
    statements_left = after;
}

/* A process that does this and is killed after so many statements; true: it was not. */
static bool survives(bool (*act)(struct store *s), int after)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct store *mine = NULL;
        struct error err = {0};
        if (!database_open(false, &mine, &err))
            _exit(2);
        make_deadly(mine, after);
        _exit(act(mine) ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return false;
    if (WEXITSTATUS(status) != 0)
        fail_msg("after %d statements: exit code %d", after, WEXITSTATUS(status));
    return true;
}

/* Killed at each statement once, the next begins where that one left things. Returns the number of kills. */
static int kill_at_each(bool (*act)(struct store *s), void (*look)(void))
{
    int n = 0;
    while (!survives(act, n)) {
        look();
        assert_true(++n < 1000);
    }
    look();
    return n;
}

/* ---- runs ---- */

static bool see(struct store *s)
{
    struct error err = {0};
    size_t n_new;
    const struct store_seen_file files[] = {{"/data/run/a", 1, 1}, {"/data/run/b", 1, 1}};
    const struct store_seen run = {.path = "/data/run",
                                   .name = "run",
                                   .facility = "standalone",
                                   .num = 7,
                                   .state = RUN_PRESENT,
                                   .readable = true,
                                   .n_files = 2,
                                   .n_here = 2,
                                   .files = files};
    return store_see(s, &run, 1, &n_new, &err);
}

static void runs_are_whole_or_not_there(void)
{
    int64_t runs = database_number("SELECT count(*) FROM run");
    assert_true(runs == 0 || runs == 1);
    assert_int_equal(database_number("SELECT count(*) FROM source"), 2 * runs);
    assert_int_equal(database_number("SELECT count(*) FROM run_tag"), runs);
    assert_int_equal(database_number("SELECT count(*) FROM run WHERE state=3 AND present_t>0"), runs);
    assert_int_equal(campaign_events("run_seen"), runs);
    assert_int_equal(campaign_events("run_present"), runs);
}

static void a_run_is_seen_whole(void **state)
{
    (void)state;
    database_do("INSERT INTO tag(name,auto) VALUES('all',1)");
    assert_true(kill_at_each(see, runs_are_whole_or_not_there) > 8);
    assert_int_equal(database_number("SELECT count(*) FROM run"), 1);
}

/* ---- a job from its claim to its end ---- */

enum { FRAMES = 4 };

static int64_t live_attempt(struct store *s)
{
    int64_t id = 0;
    sql_number(&s->sql, &id, 0, NULL, "SELECT id FROM attempt WHERE live=1", "");
    return id;
}

/* What the watcher does: claim, hear of it. An attempt that is claimed already is submitted. */
static bool submit(struct store *s)
{
    struct error err = {0};
    struct store_claimed out;
    struct store_claim claim = campaign_claim(1);
    bool claimed = store_claim(s, &claim, &out, &err);
    int64_t attempt = claimed ? out.attempt : out.taken ? live_attempt(s) : 0;
    if (!claimed && !attempt)
        return out.taken; /* the job is done */
    const struct store_news news[] = {{.attempt = attempt, .state = ATTEMPT_SUBMITTING},
                                      {.attempt = attempt, .state = ATTEMPT_QUEUED, .sched_id = "1"}};
    return store_put_news(s, news, 2, &err);
}

/* What its job does: take the attempt, put the frames that are missing, end. */
static bool work(struct store *s)
{
    static struct result r[FRAMES];
    static const struct result *rows[FRAMES];
    const struct store_source source = {"/data/r1.h5", 100, 1, FRAMES, "NXmx"};
    struct error err = {0};
    struct store_job job;
    char owner[OWNER];
    struct store_begin b = {.sources = &source,
                            .n_sources = 1,
                            .n_expected = FRAMES,
                            .recipe_hash = trial_hash,
                            .program = "xfelx test",
                            .host = "here",
                            .n_ranks = 1,
                            .n_threads = 1,
                            .given = live_attempt(s),
                            .owner = owner_of(getpid(), owner)};
    if (!b.given)
        return true;
    if (!store_begin(s, &b, &job, &err))
        return err.code == ERROR_BUSY; /* that of a dead process: it is ended now */
    for (uint32_t i = 0; i < FRAMES; i++) {
        r[i] = (struct result){.id = {.frame = i, .path = source.path},
                               .outcome = OUTCOME_BLANK,
                               .reason = REASON_FEW_SPOTS,
                               .beam = {.v = {.wavelength = 1.3}},
                               .t_done = 1};
        rows[i] = r + i;
    }
    struct store_batch half = {.attempt = job.attempt, .results = rows, .n = FRAMES / 2};
    struct store_batch rest = {.attempt = job.attempt, .results = rows + FRAMES / 2, .n = FRAMES / 2};
    return store_put_results(s, &job, &half, 1, "hash", &err) &&
           store_put_results(s, &job, &rest, 1, "hash", &err) && store_end(s, &job, END_OK, 0, true, &err);
}

static bool submit_and_work(struct store *s)
{
    return submit(s) && work(s) && submit(s) && work(s);
}

static void the_job_is_sound(void)
{
    int64_t done = database_number("SELECT count(*) FROM job WHERE state=1");
    assert_true(database_number("SELECT count(*) FROM job") <= 1);
    assert_true(database_number("SELECT count(*) FROM attempt WHERE live=1") <= 1);
    assert_int_equal(database_number("SELECT count(*) FROM attempt WHERE (live=1)=(state IN (9,11))"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM frame"),
                     database_number("SELECT coalesce(sum(frames),0) FROM roll WHERE label=0"));
    assert_int_equal(campaign_events("job_done"), done);
    assert_int_equal(database_number("SELECT count(*) FROM frame"),
                     done ? FRAMES : database_number("SELECT count(*) FROM frame"));
    assert_int_equal(
        database_number("SELECT count(*) FROM job j WHERE state IN (2,3) AND NOT EXISTS(SELECT 1 FROM "
                        "attempt a WHERE a.job=j.id AND a.live=1)"),
        0);
    assert_int_equal(
        database_number("SELECT count(*) FROM job j WHERE n_final IS NOT NULL AND n_final<>(SELECT count(*) "
                        "FROM frame f WHERE f.job=j.id)"),
        0);
}

static void a_job_is_done_once_whenever_its_watcher_and_its_processes_are_killed(void **state)
{
    (void)state;
    campaign_run(1);
    int kills = kill_at_each(submit_and_work, the_job_is_sound);
    assert_true(kills > 20);
    assert_int_equal(database_number("SELECT count(*) FROM job WHERE state=1 AND published=1 AND n_final=4"),
                     1);
    assert_int_equal(campaign_events("job_done"), 1);
    assert_int_equal(database_number("SELECT count(*) FROM frame"), FRAMES);
}

/* ---- a lease ---- */

static bool lease(struct store *s)
{
    struct error err = {0};
    struct store_lease out;
    char owner[OWNER];
    return store_lease(s, "watch", owner_of(getpid(), owner), 60, &out, &err) && out.held &&
           store_lease(s, "watch", owner, 60, &out, &err) && out.held &&
           store_lease_end(s, "watch", owner, &err);
}

static void one_row(void)
{
    assert_true(database_number("SELECT count(*) FROM lease") <= 1);
}

static void the_lease_of_the_killed_is_taken_by_the_next(void **state)
{
    (void)state;
    assert_true(kill_at_each(lease, one_row) > 6);
    assert_int_equal(database_number("SELECT expires FROM lease"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_seen_whole),
        TEST(a_job_is_done_once_whenever_its_watcher_and_its_processes_are_killed),
        TEST(the_lease_of_the_killed_is_taken_by_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
