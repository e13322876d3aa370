/* store_rates.c - how many outcomes a second a database takes: run by test/bench/store, which starts a server for it.
 *
 *   store_rates bare|put|open|see FILE|SOCKET PROCESSES BATCH SECONDS
 *
 * An outcome is a frame's row, for one in three a lattice's too, and the roll-up of its writer. bare: autocommitted INSERTs of a
 * frame's row alone, what the server can do at best. Each process is a job of its own with one connection. Prints one line.
 *
 * open: PROCESSES open the store at the same moment, as every command does, read a number and close it; how long each took, and how
 * many failed. see: BATCH outcomes a second come one by one and are put as `process` does, when 256 wait or half a second has passed;
 * a reader asks every 50 ms what is there: how long after an outcome it sees it in the roll-up (hot row) and in the rows of pages. */
#include "store/frame_rows.h"
#include "store/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct count {
    uint64_t outcomes, commits, statements;
};

static struct lattice lattice = {.A = {0.014, 0, 0, 0, 0.0125, 0, 0, 0, 0.011},
                                 .cell = {70, 80, 90, 90, 91, 90},
                                 .free_cell = {70.1, 80, 90.1, 90, 91, 90},
                                 .rmsd_x = 0.3,
                                 .evidence = 12,
                                 .n_integrated = 140,
                                 .res_a = 1.9};
static uint8_t shells[1][RESULT_SHELLS];

static struct result frame_of(uint32_t n)
{
    struct result r = {.id = {.source = 0, .frame = n, .path = "/data/run12/shots_00012.h5"},
                       .outcome = n % 3 ? OUTCOME_BLANK : OUTCOME_INTEGRATED,
                       .reason = n % 3 ? REASON_FEW_SPOTS : REASON_NONE,
                       .beam = {.v = {.wavelength = 1.3}},
                       .n_strong = n % 97,
                       .distance = 90,
                       .t_done = clock_now(),
                       .stage_ns = {1000000, 300000, 200000, 400000},
                       .n_stages = 4};
    if (n % 3 == 0) {
        r.lattices = &lattice;
        r.n_lattices = 1;
        r.shells = (const uint8_t(*)[RESULT_SHELLS])shells;
    }
    return r;
}

static void die(const struct error *err)
{
    fprintf(stderr, "%s: %s\n", err->fact, err->detail);
    _exit(1);
}

static void begin_job(const struct store_options *o, int number, struct store **s, struct store_job *job)
{
    struct error err = {0};
    uint8_t hash[16] = {0};
    char folder[64];
    struct store_source source = {"/data/run12/shots_00012.h5", 100, 1, 100000000, "NXmx"};
    memcpy(hash, &number, sizeof number);
    snprintf(folder, sizeof folder, "/results/%d", number);
    struct store_begin b = {.run_name = folder,
                            .run_hash = hash,
                            .folder = folder,
                            .sources = &source,
                            .n_sources = 1,
                            .n_expected = 100000000,
                            .recipe_hash = (const uint8_t *)"0123456789abcdef0123456789abcdef",
                            .recipe_text = "",
                            .program = "store_rates",
                            .host = "here",
                            .n_ranks = 1,
                            .n_threads = 1,
                            .cell = lattice.cell};
    if (!store_open(o, false, s, &err) || !store_begin(*s, &b, job, &err))
        die(&err);
}

static void put_frames(const struct store_options *o, int number, size_t n, int64_t until, struct count *c)
{
    struct error err = {0};
    struct store *s = NULL;
    struct store_job job;
    begin_job(o, number, &s, &job);
    struct result *r = calloc(n, sizeof *r);
    const struct result **p = calloc(n, sizeof *p);
    struct store_batch batch = {.attempt = job.attempt, .results = p, .n = n};
    /* other frames than an earlier run put */
    uint32_t frame = (uint32_t)(clock_now() / 1000000000 % 400000) * 10000;
    for (; clock_monotonic() < until; c->commits++) {
        for (size_t i = 0; i < n; i++) {
            r[i] = frame_of(frame++);
            p[i] = r + i;
        }
        if (!store_put_results(s, &job, &batch, 1, "0123456789abcdef", &err) ||
            !store_write_rolls(s, false, &err))
            die(&err);
        c->outcomes += n;
    }
    store_close(s);
}

static void insert_rows(const struct store_options *o, int number, int64_t until, struct count *c)
{
    struct error err = {0};
    struct sql s;
    if (!sql_open(&s, o, false, &err))
        die(&err);
    uint32_t frame = (uint32_t)(clock_now() / 1000000000 % 100000) * 10000;
    for (; clock_monotonic() < until; frame++) {
        struct frame_rows rows = {.n = 0};
        struct frame_owner owner = {.job = 1000000 + number, .recipe_hash = "0123456789abcdef"};
        struct result r = frame_of(3 * frame + 1);
        frame_rows_add(&rows, &owner, &r);
        if (!sql_insert(&s, "frame", MEETING_KEEPS, rows.frames.values, 1, NULL, &err))
            die(&err);
        frame_rows_free(&rows);
        c->outcomes++;
        c->commits++;
    }
    c->statements = s.n_statements;
    sql_close(&s);
}

/* ---- how long until it is seen ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print_times(const char *what, double *seconds, size_t n)
{
    qsort(seconds, n, sizeof *seconds, compare);
    if (n)
        printf("%s %zu: median %.3f s, p99 %.3f s, longest %.3f s\n", what, n, seconds[n / 2],
               seconds[n * 99 / 100], seconds[n - 1]);
}

enum { SEEN_MAX = 1 << 20 };

/* What the writer tells the reader, in shared memory: when each outcome came. */
struct seen {
    _Atomic uint64_t came;
    _Atomic bool over;
    int64_t t[SEEN_MAX];
};

static void put_at_rate(struct store *s, const struct store_job *job, double rate, int64_t until,
                        struct seen *seen)
{
    enum { BATCH = 256, HALF_SECOND = 500000000 };
    static struct result r[BATCH];
    const struct result *p[BATCH];
    struct error err = {0};
    int64_t start = clock_monotonic(), put = start;
    size_t n = 0;
    uint64_t came = 0;
    for (int64_t now; (now = clock_monotonic()) < until && came < SEEN_MAX;) {
        if (1e-9 * (double)(now - start) * rate > (double)came) {
            seen->t[came] = now;
            r[n] = frame_of((uint32_t)came);
            p[n] = r + n;
            seen->came = ++came;
            n++;
        } else {
            usleep(200);
        }
        if (n < BATCH && (now - put < HALF_SECOND || n == 0))
            continue;
        const struct store_batch batch = {.attempt = job->attempt, .results = p, .n = n};
        if (!store_put_results(s, job, &batch, 1, "0123456789abcdef", &err) ||
            !store_write_rolls(s, false, &err))
            die(&err);
        put = now;
        n = 0;
    }
    seen->over = true;
}

static size_t look(struct sql *s, const char *question, const struct seen *seen, double *times, size_t at)
{
    struct error err = {0};
    int64_t pos = 0;
    if (!sql_number(s, &pos, 0, &err, question, ""))
        die(&err);
    int64_t now = clock_monotonic();
    for (; at < (size_t)pos; at++)
        times[at] = 1e-9 * (double)(now - seen->t[at]);
    return at;
}

static int see(const struct store_options *o, double rate, double seconds)
{
    struct error err = {0};
    struct seen *seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double *hot = calloc(SEEN_MAX, sizeof *hot), *pages = calloc(SEEN_MAX, sizeof *pages);
    size_t n_hot = 0, n_pages = 0;
    pid_t writer = fork();
    if (writer == 0) {
        struct store *s = NULL;
        struct store_job job;
        begin_job(o, 0, &s, &job);
        put_at_rate(s, &job, rate, clock_monotonic() + (int64_t)(1e9 * seconds), seen);
        _exit(0);
    }
    struct sql s;
    if (!sql_open(&s, o, false, &err))
        die(&err);
    while (!seen->over) {
        n_hot = look(&s, "SELECT sum(pos) FROM roll WHERE label=0", seen, hot, n_hot);
        n_pages = look(&s, "SELECT sum(pos) FROM roll_change", seen, pages, n_pages);
        usleep(50000);
    }
    sql_close(&s);
    print_times("seen in the roll-up", hot, n_hot);
    print_times("seen in rows of pages", pages, n_pages);
    int status;
    waitpid(writer, &status, 0);
    return n_pages == 0;
}

/* ---- many at once ---- */

static int open_at_once(const struct store_options *o, int processes)
{
    struct opened {
        _Atomic int ready, failed;
        double seconds[];
    } *all = mmap(NULL, sizeof *all + (size_t)processes * sizeof(double), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int go[2]; /* all sleep until its end is seen */
    if (pipe(go) != 0)
        return 1;
    for (int i = 0; i < processes; i++)
        if (fork() == 0) {
            struct error err = {0};
            struct store *s = NULL;
            char none;
            close(go[1]);
            all->ready++;
            if (read(go[0], &none, 1) != 0)
                _exit(1);
            int64_t start = clock_monotonic();
            if (!store_open(o, false, &s, &err)) {
                if (all->failed++ == 0)
                    fprintf(stderr, "%s: %s\n", err.fact, err.detail);
            }
            all->seconds[i] = 1e-9 * (double)(clock_monotonic() - start);
            store_close(s);
            _exit(0);
        }
    while (all->ready < processes)
        usleep(10000);
    close(go[1]);
    while (wait(NULL) > 0)
        ;
    print_times("opened", all->seconds, (size_t)processes);
    printf("%d of %d could not open it\n", all->failed, processes);
    return all->failed > 0;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    bool bare = !strcmp(argv[1], "bare");
    size_t length = strlen(argv[2]);
    bool server = length > 5 && !strcmp(argv[2] + length - 5, "/sock");
    struct store_options o = server
                                 ? (struct store_options){.socket = argv[2], .name = "rates", .user = "root"}
                                 : (struct store_options){.file = argv[2]};
    int processes = atoi(argv[3]);
    size_t batch = (size_t)atol(argv[4]);
    double seconds = atof(argv[5]);
    struct count *c =
        mmap(NULL, (size_t)processes * sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct store *s = NULL;
    struct error err = {0};
    if (!store_open(&o, false, &s, &err))
        die(&err);
    store_close(s);
    if (!strcmp(argv[1], "open"))
        return open_at_once(&o, processes);
    if (!strcmp(argv[1], "see"))
        return see(&o, (double)batch, seconds);
    int64_t start = clock_monotonic(), until = start + (int64_t)(1e9 * seconds);
    for (int i = 0; i < processes; i++)
        if (fork() == 0) {
            if (bare)
                insert_rows(&o, i, until, c + i);
            else
                put_frames(&o, i, batch, until, c + i);
            _exit(0);
        }
    int status, failed = 0;
    while (wait(&status) > 0)
        failed += status != 0;
    double took = 1e-9 * (double)(clock_monotonic() - start);
    struct count sum = {0};
    for (int i = 0; i < processes; i++)
        sum.outcomes += c[i].outcomes, sum.commits += c[i].commits;
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    double cpu = (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
                 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    printf("%-4s %4d processes, batches of %4zu: %8.0f outcomes/s, %7.0f commits/s, client %6.1f us CPU an "
           "outcome%s\n",
           argv[1], processes, bare ? (size_t)1 : batch, (double)sum.outcomes / took,
           (double)sum.commits / took, 1e6 * cpu / (double)sum.outcomes, failed ? ", SOME FAILED" : "");
    return failed > 0;
}
