/* plan_rates.c - how long it takes to look at a long campaign and to decide: run by test/bench/plan, which starts a server for it.
 *
 *   plan_rates FILE|SOCKET RUNS TRIALS FILES DONE%
 *
 * RUNS 0: they are there from an earlier call. RUNS runs of FILES files are seen for the first time; so many of the RUNS × TRIALS jobs are there, nearly all done, each with an
 * attempt and the roll-up of a writer. Prints a line a step. */
#include "campaign/campaign.h"
#include "store/store_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static struct store *store;

static void die(const struct error *err)
{
    fprintf(stderr, "%s: %s\n", err->fact, err->detail);
    exit(1);
}

struct start {
    int64_t t;
    double cpu;
};

static struct start begin(void)
{
    return (struct start){clock_monotonic(), clock_cpu()};
}

static void say(const char *what, struct start since, size_t n)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("%-34s %7.3f s, CPU %7.3f s %9zu   %4ld MB at most\n", what,
           1e-9 * (double)(clock_monotonic() - since.t), clock_cpu() - since.cpu, n, use.ru_maxrss / 1024);
    fflush(stdout);
}

static void see(size_t runs, size_t files)
{
    struct error err = {0};
    struct arena a = {0};
    struct store_seen *seen = arena_array(&a, runs, sizeof *seen);
    size_t n_new;
    for (size_t i = 0; i < runs; i++) {
        struct store_seen_file *f = arena_array(&a, files, sizeof *f);
        for (size_t k = 0; k < files; k++)
            f[k] = (struct store_seen_file){arena_printf(&a, "/data/mfx12345/r%05zu/shot_%05zu.cbf", i, k),
                                            6000000, 1};
        seen[i] = (struct store_seen){.path = arena_printf(&a, "/data/mfx12345/r%05zu", i),
                                      .name = arena_printf(&a, "r%05zu", i),
                                      .facility = "standalone",
                                      .why = "",
                                      .num = (int64_t)i + 1,
                                      .state = RUN_PRESENT,
                                      .readable = true,
                                      .n_files = (uint32_t)files,
                                      .n_here = (uint32_t)files,
                                      .files = f};
    }
    struct start t = begin();
    if (!store_see(store, seen, runs, &n_new, &err))
        die(&err);
    say("runs are seen the first time", t, runs * files);
    t = begin();
    size_t changed = runs < 10 ? runs : 10;
    if (!store_see(store, seen, changed, &n_new, &err))
        die(&err);
    say("ten of them have changed", t, changed * files);
    arena_free(&a);
}

static void script(const char *text)
{
    struct error err = {0};
    if (!sql_script(&store->sql, text, &err))
        die(&err);
}

/* Rows by SQL: a job a run and trial, of which one in a thousand is worked on. */
static void fill(size_t runs, size_t trials, size_t percent)
{
    struct str text = {0};
    struct start t = begin();
    script("BEGIN");
    script("INSERT INTO rungroup(first_ord,active,phil,body,created,who) VALUES(1,1,'','',0,'')");
    for (size_t i = 1; i <= trials; i++) {
        str_clear(&text);
        str_printf(
            &text,
            "INSERT INTO trial(num,recipe_hash,phil,body,active,used,created,who) "
            "VALUES(%zu,x'00000000000000000000000000000000000000000000000000000000000000%02zx','','',1,1,0,''"
            ");\n"
            "INSERT INTO trial_rungroup(trial,rungroup,active) VALUES(%zu,1,1);\n"
            "INSERT INTO job(trial,rungroup,run,task_rev,version,state,state_t,n_expected,n_tries,cancelled,"
            "published,preview,folder,created,n_final,n_lattices) SELECT %zu,1,id,0,0,CASE WHEN "
            "id%%1000=0 THEN 2 ELSE 1 END,1,1000,1,0,1,0,'/out/mfx12345/results/r00001/001_rg001',1,CASE "
            "WHEN "
            "id%%1000=0 THEN NULL ELSE 1000 END,300 FROM run WHERE id%%100<%zu",
            i, i % 256, i, i, percent);
        script(text.text);
    }
    script(
        "INSERT INTO "
        "attempt(id,job,no,name,live,state,end_kind,token,lease_expires,scheduler,n_ranks,n_threads,"
        "program,binary_hash,recipe_hash,n_pending,db_lag,n_new) SELECT id,id,1,id,CASE WHEN state=2 THEN 1 "
        "END,CASE "
        "WHEN state=2 THEN 6 ELSE 9 "
        "END,1,1,0,'slurm',1,1,'xfelx',x'0000000000000000000000000000000000000000000000000000000000000000',"
        "x'0000000000000000000000000000000000000000000000000000000000000000',0,0,n_final FROM job");
    script("INSERT INTO roll(attempt,writer,label,token,pos,seq,frames,blank,indexed_below,hit_not_indexed,"
           "indexed_not_integrated,integrated,failed,lattices,multi,reflections,sat,duplicates,t_first,t_"
           "last,t_frame,"
           "reasons) SELECT id,0,0,1,1000,1,1000,700,0,0,0,300,0,300,0,0,0,0,0,0,0,x'' FROM attempt");
    script("COMMIT");
    say("(rows of jobs are made)", t, runs * trials * percent / 100);
    str_free(&text);
}

static void decide(const char *what)
{
    struct error err = {0};
    struct arena a = {0};
    struct snapshot s;
    size_t n;
    struct start t = begin();
    uint64_t before = store->sql.n_statements;
    if (!store_read_snapshot(store, &a, &s, &err))
        die(&err);
    say("everything is read", t, (size_t)(store->sql.n_statements - before));
    struct start t2 = begin();
    struct policy p = policy_default();
    plan(&s, &p, &a, &n);
    say("it is decided", t2, n);
    say(what, t, n);
    arena_free(&a);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    if (argc < 6)
        return 2;
    struct store_options o = {.file = argv[1]};
    if (!strstr(argv[1], ".db"))
        o = (struct store_options){.socket = argv[1], .name = "rates", .user = "root"};
    if (!store_open(&o, false, &store, &err))
        die(&err);
    size_t runs = strtoul(argv[2], NULL, 10), trials = strtoul(argv[3], NULL, 10);
    if (runs) {
        see(runs, strtoul(argv[4], NULL, 10));
        fill(runs, trials, strtoul(argv[5], NULL, 10));
    }
    decide("a decision (first)");
    decide("a decision");
    store_close(store);
    return 0;
}
