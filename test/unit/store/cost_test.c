/* cost_test.c - what lists cost: the steps of SQLite's machine are counted, not the time. Who asks for one job pays for one, however many
 * there are; who asks for all pays for each the same. */
#include "database.h"

#include "store/store_private.h"

#include <sqlite3.h>

static int64_t steps; /* of all statements of this process that ended */

static int add_steps(unsigned kind, void *context, void *statement, void *ns)
{
    (void)kind, (void)context, (void)ns;
    steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
    return 0;
}

static int watch(sqlite3 *db, char **text, const void *api)
{
    (void)text, (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, add_steps, NULL);
}

/* Runs with two jobs each, of two trials, and an attempt with four writers; every tenth job has failed. #: how many runs. */
static void fill(int runs)
{
    struct error err = {0};
    struct store *s = NULL;
    database_place();
    assert_true(database_open(false, &s, &err));
    store_close(s);
#define NUMBERS "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<8*#) "
    const char *inserts[] = {
        NUMBERS "INSERT INTO trial(id,num,recipe_hash,active,used,created,phil,body,who) SELECT "
                "i,i,zeroblob(32),1,1,1,'','','x' FROM c WHERE i<=2",
        NUMBERS "INSERT INTO "
                "run(id,ord,name,path,path_hash,facility,state,state_t,seen,n_files,n_here,bytes,bytes_here,"
                "readable,ignored) SELECT i,i,'r'||i,x'2f',CAST(printf('%016d',i) AS "
                "BLOB),'directory',3,1,1,1,1,1,1,1,0 "
                "FROM c WHERE i<=#",
        NUMBERS
        "INSERT INTO job(id,trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,"
        "published,preview,folder,created) SELECT i,1+i%2,1,(i+1)/2,0,0,CASE WHEN i%10=0 THEN 5 ELSE 1 "
        "END,1,10,1,0,0,0,'f',1 FROM c WHERE i<=2*#",
        NUMBERS
        "INSERT INTO attempt(id,job,no,name,state,end_kind,token,lease_expires,scheduler,n_ranks,n_threads,"
        "program,binary_hash,recipe_hash,n_pending,db_lag) SELECT "
        "i,i,1,'n'||i,9,1,0,0,'slurm',1,1,'x',x'00',x'00',0,0 FROM c WHERE i<=2*#",
        NUMBERS
        "INSERT INTO roll(attempt,writer,label,token,pos,seq,frames,blank,indexed_below,hit_not_indexed,"
        "indexed_not_integrated,integrated,failed,lattices,multi,reflections,sat,duplicates,t_first,t_last,t_"
        "frame,"
        "reasons) SELECT 1+(i-1)/4,i%4,0,0,0,0,10,1,1,1,1,5,1,6,0,0,0,0,0,0,i,x'' FROM c WHERE i<=8*#",
    };
    for (size_t i = 0; i < sizeof inserts / sizeof *inserts; i++) {
        struct str text = {0};
        for (const char *p = inserts[i]; *p; p++)
            if (*p == '#')
                str_printf(&text, "%d", runs);
            else
                str_addn(&text, p, 1);
        database_do(text.text);
        str_free(&text);
    }
}

/* What an ask costs, in a database of so many runs. */
static int64_t cost(int runs, bool (*ask)(struct store *s, struct arena *a, struct error *err))
{
    struct arena a = {0};
    struct error err = {0};
    struct store *s = NULL;
    fill(runs);
    assert_true(database_open(true, &s, &err));
    steps = 0;
    if (!ask(s, &a, &err))
        fail_msg("%s", err.fact);
    int64_t n = steps;
    store_close(s);
    arena_free(&a);
    database_drop();
    return n;
}

static struct store_book_job *jobs;
static struct store_tally *tallies;
static size_t n_rows;

static bool one_job(struct store *s, struct arena *a, struct error *err)
{
    const struct store_range r = {7, 7};
    const struct store_job_filter f = {.trial = -1, .jobs = &r, .n_jobs = 1, .all_attempts = true};
    return store_book_jobs(s, &f, a, &jobs, &n_rows, err) && n_rows == 1 && jobs->n_attempts == 1 &&
           jobs->n_final == 40;
}

static bool jobs_of_a_run(struct store *s, struct arena *a, struct error *err)
{
    const int64_t run = 9;
    const struct store_job_filter f = {.trial = -1, .runs = &run, .n_runs = 1};
    return store_book_jobs(s, &f, a, &jobs, &n_rows, err) && n_rows == 2 && jobs->run_ord == 9;
}

static bool newest_jobs(struct store *s, struct arena *a, struct error *err)
{
    const struct store_job_filter f = {.trial = -1, .newest = 5};
    return store_book_jobs(s, &f, a, &jobs, &n_rows, err) && n_rows == 5 && jobs[4].id > jobs[0].id;
}

static bool tallies_of_a_job(struct store *s, struct arena *a, struct error *err)
{
    return store_job_tallies(s, 7, 7, a, &tallies, &n_rows, err) && n_rows == 1 && tallies->frames == 40 &&
           tallies->hits == 28 && tallies->indexed == 24 && tallies->frame_t == 28;
}

static bool tallies_of_a_run(struct store *s, struct arena *a, struct error *err)
{
    return store_run_tallies(s, 9, a, &tallies, &n_rows, err) && n_rows == 2;
}

static bool all_jobs(struct store *s, struct arena *a, struct error *err)
{
    return store_book_jobs(s, &(struct store_job_filter){.trial = -1}, a, &jobs, &n_rows, err);
}

static bool failed_jobs(struct store *s, struct arena *a, struct error *err)
{
    const struct store_job_filter f = {.trial = -1, .state = 5};
    return store_book_jobs(s, &f, a, &jobs, &n_rows, err) && n_rows > 0 && jobs->state == 5;
}

static bool all_tallies(struct store *s, struct arena *a, struct error *err)
{
    return store_tallies(s, a, &tallies, &n_rows, err);
}

static void who_asks_for_few_pays_for_few(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool (*ask)(struct store *s, struct arena *a, struct error *err);
    } cases[] = {{"one job", one_job},
                 {"the jobs of a run", jobs_of_a_run},
                 {"the newest jobs", newest_jobs},
                 {"the tallies of a job", tallies_of_a_job},
                 {"the tallies of a run", tallies_of_a_run}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t small = cost(20, cases[i].ask), large = cost(400, cases[i].ask);
        if (large > small + 20)
            fail_msg("%s: %lld steps of 40 jobs, %lld of 800", cases[i].what, (long long)small,
                     (long long)large);
        if (large > 2000)
            fail_msg("%s: %lld steps", cases[i].what, (long long)large);
    }
}

static void who_asks_for_all_pays_for_each_the_same(void **state)
{
    (void)state;
    int64_t jobs_each = (cost(400, all_jobs) - cost(20, all_jobs)) / 760;
    int64_t tallies_each = (cost(400, all_tallies) - cost(20, all_tallies)) / 760;
    int64_t failed_each = (cost(400, failed_jobs) - cost(20, failed_jobs)) / 76;
    if (jobs_each > 260 || tallies_each > 160 || failed_each > 280)
        fail_msg("%lld steps a job of the list, %lld of the tallies, %lld of those that failed",
                 (long long)jobs_each, (long long)tallies_each, (long long)failed_each);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_for_few_pays_for_few),
        cmocka_unit_test(who_asks_for_all_pays_for_each_the_same),
    };
    if (database_is_server()) /* what is counted is SQLite's */
        return 0;
    sqlite3_initialize();
    sqlite3_auto_extension((void (*)(void))watch);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
