/* roll_rows_test.c - invariant R: roll-ups of a writer are what its rows say, whatever was put twice, lost or taken up again. */
#include "database.h"

#include "store/pack.h"
#include "store/roll_rows.h"
#include "store/store_private.h"

#include "random.h"

#include <math.h>
#include <string.h>

enum { FRAMES = 240, WRITERS = 3 };

static struct store *store;
static struct store_job job;
static struct store_source source = {"/data/a.h5", 100, 1, FRAMES, "NXmx"};
static const double cell[6] = {70, 80, 90, 90, 91, 90};

static void begin(void)
{
    struct error err = {0};
    struct store_begin b = database_job(&source);
    b.n_ranks = WRITERS;
    b.cell = cell;
    if (!database_open(false, &store, &err) || !store_begin(store, &b, &job, &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static uint8_t shells[2][RESULT_SHELLS];
static struct lattice lattices[FRAMES][2];

/* A frame of any outcome with 0 to 2 lattices: a function of its number. */
static struct result frame_of(uint32_t n)
{
    struct result r = {.id = {.frame = n, .path = source.path},
                       .outcome = n % 7 == 0 ? OUTCOME_FAILED
                                  : n % 3    ? OUTCOME_BLANK
                                             : OUTCOME_INTEGRATED,
                       .reason = n % 7 == 0 ? REASON_TRUNCATED
                                 : n % 3    ? REASON_FEW_SPOTS
                                            : REASON_NONE,
                       .beam = {.v = {.wavelength = 1.3 + 1e-5 * n}},
                       .n_strong = n,
                       .distance = 90,
                       .t_done = 60000000000000 + 1000000000 * (int64_t)n,
                       .flags = (n % 4 == 0 ? FRAME_ICE : 0) | (n % 2 ? FRAME_SOLVENT : 0),
                       .glow = {n % 5 ? 0.01 * n : 0, 0.3, 0.1, n, true, n % 9 ? 2 + 0.03 * n : 0},
                       .stage_ns = {1000000 + 10000 * (int64_t)n, 300000},
                       .n_stages = 2};
    if (r.outcome != OUTCOME_INTEGRATED)
        return r;
    r.n_lattices = 1 + (n % 5 == 0);
    for (size_t i = 0; i < r.n_lattices; i++)
        lattices[n][i] = (struct lattice){.A = {0.014, 0, 0, 0, 0.0125, 0, 0, 0, 0.011},
                                          .cell = {70, 80, 90, 90, 91, 90},
                                          .free_cell = {70 + 0.01 * n, 80, 90.1, 90, 91, 90},
                                          .rmsd_x = 0.1 + 0.001 * n,
                                          .evidence = 3.3 + n,
                                          .n_integrated = n,
                                          .res_a = 1.7 + 0.001 * n,
                                          .shift_px = {0.01 * n, n % 2 ? NAN : 0.2}};
    r.lattices = lattices[n];
    r.shells = (const uint8_t(*)[RESULT_SHELLS])shells;
    return r;
}

/* Frames first … first + n - 1 of a writer. */
static void put(uint32_t writer, uint32_t first, uint32_t n)
{
    struct result r[FRAMES];
    const struct result *p[FRAMES];
    struct error err = {0};
    struct store_batch b = {.attempt = job.attempt, .writer = writer, .results = p, .n = n};
    for (uint32_t i = 0; i < n; i++) {
        r[i] = frame_of(first + i);
        p[i] = r + i;
    }
    if (!store_put_results(store, &job, &b, 1, "hash", &err))
        fail_msg("%s %s", err.fact, err.detail);
}

static void same_hot(const struct roll_hot *a, const struct roll_hot *b)
{
    assert_int_equal(a->frames, b->frames);
    assert_memory_equal(a->by_outcome, b->by_outcome, sizeof a->by_outcome);
    assert_memory_equal(a->reasons, b->reasons, sizeof a->reasons);
    assert_int_equal(a->lattices, b->lattices);
    assert_int_equal(a->multi, b->multi);
    assert_int_equal(a->ice, b->ice);
    assert_int_equal(a->ice_hits, b->ice_hits);
    assert_int_equal(a->n_ring, b->n_ring);
    assert_int_equal(a->solvent, b->solvent);
    assert_int_equal(a->reflections, b->reflections);
    assert_int_equal(a->t_first, b->t_first);
    assert_int_equal(a->t_last, b->t_last);
    assert_int_equal(a->t_frame, b->t_frame);
}

static int64_t number(struct sql *s, const char *text, int64_t attempt, uint32_t writer)
{
    struct error err = {0};
    int64_t n = 0;
    if (!sql_number(s, &n, 0, &err, text, "ii", attempt, (int64_t)writer))
        fail_msg("%s: %s", text, err.detail);
    return n;
}

/* R for one writer: hot row, minutes, histograms, sample. */
static void check_writer(int64_t attempt, uint32_t writer)
{
    struct sql *s = &store->sql;
    struct error err = {0};
    struct roll r;
    struct roll_hot hot;
    assert_true(roll_make(&r, cell));
    r.attempt = attempt;
    r.writer = writer;
    assert_true(roll_read_rows(s, job.job, &r, &err));
    assert_true(roll_read_hot(s, attempt, writer, &hot, &err));
    same_hot(&hot, &r.hot);
    struct sql_stmt *q = sql_query(
        s, &err,
        "SELECT kind,n,total,bins FROM roll_hist WHERE attempt=? AND writer=? AND label=0 ORDER BY kind",
        "ii", attempt, (int64_t)writer);
    int i = 0;
    while (sql_step(s, q, &err) == 1) {
        while (r.hists[i].n == 0)
            i++;
        struct roll_hist *h = r.hists + i++;
        uint8_t packed[4 * 2000];
        size_t n;
        assert_int_equal(sql_int(s, q, 0), h->kind);
        assert_int_equal(sql_int(s, q, 1), h->n);
        assert_double_equal(sql_real(s, q, 2), h->total, 1e-9 * fabs(h->total)); /* sums in another order */
        const uint8_t *bins = sql_bytes(s, q, 3, &n);
        assert_int_equal(n, 4 * h->n_bins);
        pack_counts(h->bins, h->n_bins, packed);
        assert_memory_equal(bins, packed, n);
    }
    while (i < ROLL_KINDS)
        assert_int_equal(r.hists[i++].n, 0);
    int64_t frames = 0, sample = 0;
    for (size_t m = 0; m < r.n_minutes; m++)
        frames += r.minutes[m].frames;
    sample = (int64_t)r.n_sample;
    assert_int_equal(frames, hot.frames);
    assert_int_equal(
        number(s, "SELECT sum(frames) FROM roll_minute WHERE attempt=? AND writer=?", attempt, writer),
        hot.frames);
    assert_int_equal(
        number(s, "SELECT sum(lattices) FROM roll_minute WHERE attempt=? AND writer=?", attempt, writer),
        hot.lattices);
    assert_int_equal(
        number(s, "SELECT sum(ice) FROM roll_minute WHERE attempt=? AND writer=?", attempt, writer), hot.ice);
    assert_int_equal(
        number(s, "SELECT sum(ice_hits) FROM roll_minute WHERE attempt=? AND writer=?", attempt, writer),
        hot.ice_hits);
    assert_int_equal(
        number(s, "SELECT sum(solvent) FROM roll_minute WHERE attempt=? AND writer=?", attempt, writer),
        hot.solvent);
    assert_int_equal(
        number(s, "SELECT sum(n_ring) FROM roll_minute WHERE attempt=? AND writer=?", attempt, writer),
        hot.n_ring);
    assert_int_equal(
        number(s, "SELECT count(*) FROM roll_minute WHERE attempt=? AND writer=?", attempt, writer),
        r.n_minutes);
    assert_int_equal(
        number(s, "SELECT count(*) FROM roll_sample WHERE attempt=? AND writer=?", attempt, writer), sample);
    assert_int_equal(
        number(s, "SELECT pos FROM roll_change WHERE attempt=? AND writer=?", attempt, writer),
        number(s, "SELECT pos FROM roll WHERE attempt=? AND writer=? AND label=0", attempt, writer));
    roll_free(&r);
}

static void check_all(void)
{
    struct error err = {0};
    int64_t attempts[16];
    uint32_t writers[16];
    size_t n = 0;
    assert_true(store_write_rolls(store, true, &err));
    struct sql_stmt *q =
        sql_query(&store->sql, &err, "SELECT attempt,writer FROM roll WHERE label=0 AND frames>0", "");
    while (sql_step(&store->sql, q, &err) == 1 && n < 16) {
        attempts[n] = sql_int(&store->sql, q, 0);
        writers[n++] = (uint32_t)sql_int(&store->sql, q, 1);
    }
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        check_writer(attempts[i], writers[i]);
    assert_int_equal(database_number("SELECT sum(frames) FROM roll"),
                     database_number("SELECT count(*) FROM frame"));
    assert_int_equal(database_number("SELECT sum(lattices) FROM roll"),
                     database_number("SELECT count(*) FROM lattice"));
}

static void roll_ups_are_what_the_rows_say_after_any_accident(void **state)
{
    (void)state;
    struct error err = {0};
    struct random rng = random_start("roll-ups");
    database_place();
    begin();
    for (int i = 0; i < 60; i++) {
        uint32_t first = (uint32_t)(random_unit(&rng) * FRAMES), n = 1 + (uint32_t)(random_unit(&rng) * 12);
        n = first + n > FRAMES ? FRAMES - first : n;
        put((uint32_t)i % WRITERS, first,
            n);             /* often frames that are there already, of this writer or another */
        if (i % 20 == 19) { /* killed, begun again */
            store_close(store);
            begin();
        }
        if (i % 7 == 6) /* a commit whose answer is lost: nothing is known of writers any more */
            store_forget_writers(store);
        assert_true(store_write_rolls(store, false, &err));
    }
    check_all();
    store_close(store);
    database_drop();
}

/* The commit was done, its answer was lost: memory is where it was before, and the same batch is put again. */
static void a_commit_whose_answer_was_lost_is_not_counted_twice(void **state)
{
    (void)state;
    database_place();
    begin();
    put(1, 0, 20);
    struct roll_hot before = store->writers[0]->hot;
    int64_t stood = store->writers[0]->pos;
    put(1, 100, 10);
    store->writers[0]->hot = before;
    store->writers[0]->pos = stood;
    put(1, 100, 10);
    put(1, 120, 5);
    check_all();
    assert_int_equal(database_number("SELECT count(*) FROM frame"), 35);
    assert_int_equal(database_number("SELECT duplicates FROM roll"), 0);
    store_close(store);
    database_drop();
}

static void statements_of_a_batch_do_not_grow_with_its_frames(void **state)
{
    (void)state;
    database_place();
    begin();
    put(0, 0, 20); /* prepares what is needed */
    put(0, 20, 20);
    uint64_t start = store->sql.n_statements;
    put(0, 100, 100);
    uint64_t hundred = store->sql.n_statements - start;
    /* begin, move, frames, failures, lattices, commit; and slow rows when they were due */
    assert_in_range(hundred, 6, 13);
    store_close(store);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roll_ups_are_what_the_rows_say_after_any_accident),
        cmocka_unit_test(a_commit_whose_answer_was_lost_is_not_counted_twice),
        cmocka_unit_test(statements_of_a_batch_do_not_grow_with_its_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
