/* service_test.c - ranks (threads here) share the frames of a job: each ends once in the store of rank 0; stops and errors of one
 * reach all. */
#include "frames.h"
#include "threads.h"

enum { RANKS = 4, FRAMES = 40 };

static char folder[64];
static struct arena arena;
static struct params *params;
static struct recipe *recipe;
static struct source_list list;
static uint64_t numbers[FRAMES];
static volatile sig_atomic_t stops[RANKS];

static int make(void **state)
{
    (void)state;
    struct error err = {0};
    char *inputs[] = {folder};
    support_folder(folder);
    for (int i = 0; i < FRAMES; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/shot_%03d.img", folder, i);
        frame_with_spots(path, i % 20);
        numbers[i] = (uint64_t)i;
        if (i == 5)
            assert_int_equal(truncate(path, 5000), 0);
    }
    memset((void *)stops, 0, sizeof stops);
    params = params_make(&arena);
    return recipe_make(params, &arena, &recipe, &err) &&
                   source_list_make(inputs, 1, &recipe->source, &arena, &list, &err)
               ? 0
               : -1;
}

static int drop(void **state)
{
    (void)state;
    source_list_close(&list);
    arena_free(&arena);
    support_remove(folder);
    return 0;
}

struct rank {
    struct team team;
    struct team_progress progress;
    struct error err;
    bool ok;
    pthread_t thread;
};

static void *be_a_rank(void *arg)
{
    struct rank *r = arg;
    r->ok = team_run(&r->team, &r->progress, &r->err);
    return NULL;
}

/* All ranks; the store's rows of the job come back. more: to be done to a rank before it starts. */
static struct store_job_row run(struct rank ranks[RANKS], void (*more)(struct rank *r, uint32_t number))
{
    struct error err = {0};
    struct farm *farms[RANKS];
    struct store *store;
    struct store_job job;
    struct store_job_row *rows;
    struct store_source sources[FRAMES];
    size_t n;
    char db[128];
    for (int i = 0; i < FRAMES; i++)
        sources[i] = (struct store_source){.path = list.sources[i].recorded, .n_frames = 1};
    struct store_begin begin = {.run_name = "shot",
                                .run_hash = recipe->hash,
                                .folder = folder,
                                .sources = sources,
                                .n_sources = FRAMES,
                                .n_expected = FRAMES,
                                .recipe_hash = recipe->hash,
                                .recipe_text = "",
                                .program = "test",
                                .host = "here",
                                .n_ranks = RANKS,
                                .n_threads = 1};
    snprintf(db, sizeof db, "%s/db", folder);
    assert_true(store_open_file(db, false, &store, &err));
    assert_true(store_begin(store, &begin, &job, &err));
    threads_open(farms, RANKS);
    for (uint32_t r = RANKS; r-- > 0;) {
        ranks[r] = (struct rank){.team = {.farm = farms[r],
                                          .recipe = recipe,
                                          .list = &list,
                                          .n_threads = 1 + (int)(r == 3),
                                          .stop = &stops[r]}};
        if (r == 0) {
            ranks[r].team.frames = numbers;
            ranks[r].team.n_frames = FRAMES;
            ranks[r].team.store = store;
            ranks[r].team.job = &job;
        }
        if (more)
            more(ranks + r, r);
        assert_int_equal(pthread_create(&ranks[r].thread, NULL, be_a_rank, ranks + r), 0);
        if (stops[r]) /* its word is there before rank 0 is */
            pthread_join(ranks[r].thread, NULL);
    }
    for (uint32_t r = 0; r < RANKS; r++)
        if (!stops[r])
            pthread_join(ranks[r].thread, NULL);
    for (uint32_t r = 0; r < RANKS; r++)
        farm_close(farms[r], 0);
    assert_true(store_jobs(store, &arena, &rows, &n, &err));
    store_close(store);
    return rows[0];
}

static void every_frame_ends_once_in_the_store_of_rank_0(void **state)
{
    (void)state;
    struct rank ranks[RANKS];
    struct store_job_row row = run(ranks, NULL);
    uint64_t elsewhere = 0;
    for (int r = 0; r < RANKS; r++) {
        assert_true(ranks[r].ok && ranks[r].progress.published);
        elsewhere += r ? ranks[r].progress.done : 0;
    }
    assert_int_equal(row.counts.frames, FRAMES);
    assert_int_equal(row.counts.by_outcome[OUTCOME_FAILED], 1);
    assert_int_equal(ranks[0].progress.done, FRAMES);
    assert_int_equal(ranks[0].progress.failed, 1);
    assert_in_range(elsewhere, 1, FRAMES);
    /* ASK (twice at most), GRANT, ROWS, APPLIED a frame where chunks are that small; STOP and BYE a rank */
    assert_in_range(ranks[0].progress.messages, 1, FRAMES * 5 + RANKS * 4);
}

static void a_signal_to_one_rank_stops_all(void **state)
{
    (void)state;
    struct rank ranks[RANKS];
    stops[2] = 1;
    struct store_job_row row = run(ranks, NULL);
    for (int r = 0; r < RANKS; r++)
        assert_true(ranks[r].ok);
    assert_int_equal(row.counts.frames, 0);
    assert_int_equal(ranks[0].progress.done, 0);
}

/* Rank 1's composite files cannot be written: their name is that of a folder. */
static void give_rank_1_bad_files(struct rank *r, uint32_t number)
{
    static struct publish files;
    struct error err = {0};
    if (number != 1)
        return;
    struct journal_source sources[FRAMES];
    for (int i = 0; i < FRAMES; i++)
        sources[i] = (struct journal_source){list.sources[i].recorded, 1, 1, 1};
    struct journal_start start = {.identity = {.attempt = 1, .rank = 1},
                                  .program = "test",
                                  .host = "here",
                                  .boot_id = "",
                                  .recipe_text = "",
                                  .sources = sources,
                                  .n_sources = FRAMES};
    char *journals = fs_join(&arena, folder, "journals");
    assert_true(fs_make_folders(fs_join(&arena, folder, "idx-0001_strong.refl/x"), &err));
    assert_true(journal_create(journals_path(&arena, journals, 1, 1), &start, &r->team.journal, &err));
    files = (struct publish){.journals = journals,
                             .sink = {.folder = folder,
                                      .composite = true,
                                      .imported_expt = "%s_imported.expt",
                                      .strong_refl = "%s_strong.refl",
                                      .recipe_hash = recipe->hash_hex,
                                      .program = "test"},
                             .after = 30};
    r->team.keep_spots = true;
    r->team.publish = &files;
}

static void an_error_of_one_rank_is_the_jobs(void **state)
{
    (void)state;
    struct rank ranks[RANKS];
    run(ranks, give_rank_1_bad_files);
    journal_close(ranks[1].team.journal);
    assert_false(ranks[1].ok);
    assert_false(ranks[0].ok);
    assert_non_null(strstr(ranks[0].err.fact, "idx-0001_strong.refl"));
    assert_true(ranks[2].ok && ranks[3].ok);
}

/* A survey of two blocks that adds up the numbers of its frames; every rank must adopt the sum before it processes any. */
static struct {
    uint64_t blocks, seen, sum;
    int adopted;
} found;

static void look_at(const struct recipe *r, struct workspace *w, uint64_t frame, struct str *out)
{
    assert_ptr_equal(r, recipe);
    assert_non_null(w);
    wire_u64(out, frame);
}

static bool next_block(void *arg, const uint64_t **frames, size_t *n)
{
    (void)arg;
    *frames = numbers + 7 * found.blocks;
    *n = 7;
    assert_int_equal(found.seen, 7 * found.blocks); /* the block before is whole */
    return found.blocks++ < 2;
}

static bool take_sum(void *arg, const void *data, size_t n, struct error *err)
{
    (void)arg, (void)err;
    struct unwire in = {data, (const uint8_t *)data + n, false};
    found.seen++;
    found.sum += unwire_u64(&in);
    return !in.bad;
}

static bool conclude_sum(void *arg, struct str *out, struct error *err)
{
    (void)arg, (void)err;
    wire_u64(out, found.sum);
    return true;
}

static bool adopt_sum(void *arg, const void *data, size_t n, struct error *err)
{
    (void)arg, (void)err;
    struct unwire in = {data, (const uint8_t *)data + n, false};
    assert_int_equal(unwire_u64(&in), 13 * 14 / 2);
    __atomic_add_fetch(&found.adopted, 1, __ATOMIC_RELAXED);
    return true;
}

static const struct team_survey survey = {look_at, next_block, take_sum, conclude_sum, adopt_sum};

static void with_survey(struct rank *r, uint32_t number)
{
    (void)number;
    r->team.survey = &survey;
}

static void a_survey_is_looked_at_by_all_and_adopted_by_each(void **state)
{
    (void)state;
    struct rank ranks[RANKS];
    memset(&found, 0, sizeof found);
    struct store_job_row row = run(ranks, with_survey);
    assert_int_equal(found.seen, 14);
    assert_int_equal(found.adopted, RANKS);
    assert_int_equal(row.counts.frames, FRAMES);
}

/* In kernel text, as far as the guards can tell. */
__attribute__((section("kernel_text"), noinline)) static void crash(volatile int *nowhere, bool hang)
{
    while (hang)
        ;
    *nowhere = 1;
}

/* Frame 3 crashes and frame 4 hangs; the survey then does without them. */
static void crash_at(const struct recipe *r, struct workspace *w, uint64_t frame, struct str *out)
{
    if (frame == 3 || frame == 4)
        crash(NULL, frame == 4);
    look_at(r, w, frame, out);
}

static bool adopt_any(void *arg, const void *data, size_t n, struct error *err)
{
    (void)arg, (void)data, (void)n, (void)err;
    return true;
}

static bool next_whole(void *arg, const uint64_t **frames, size_t *n)
{
    (void)arg;
    *frames = numbers;
    *n = 14;
    return found.blocks++ < 1;
}

static void with_crashes(struct rank *r, uint32_t number)
{
    static struct team_survey bad;
    (void)number;
    bad = survey;
    bad.look = crash_at;
    bad.next = next_whole;
    bad.adopt = adopt_any;
    r->team.survey = &bad;
    r->team.frame_timeout = 0.5;
}

static void kernels_that_crash_or_hang_cost_their_frame_only(void **state)
{
    (void)state;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    print_message("a sanitizer wants the crash\n");
    skip();
#endif
    struct rank ranks[RANKS];
    memset(&found, 0, sizeof found);
    struct store_job_row row = run(ranks, with_crashes);
    assert_int_equal(found.seen, 12);
    assert_int_equal(found.sum, 13 * 14 / 2 - 3 - 4);
    assert_int_equal(row.counts.frames, FRAMES);
}

static bool conclude_nothing(void *arg, struct str *out, struct error *err)
{
    (void)arg, (void)out;
    return error_set(err, ERROR_FAILED, "the survey found no sense");
}

static void with_bad_survey(struct rank *r, uint32_t number)
{
    static struct team_survey bad;
    (void)number;
    bad = survey;
    bad.conclude = conclude_nothing;
    r->team.survey = &bad;
}

static void a_survey_that_fails_ends_the_job(void **state)
{
    (void)state;
    struct rank ranks[RANKS];
    memset(&found, 0, sizeof found);
    struct store_job_row row = run(ranks, with_bad_survey);
    assert_false(ranks[0].ok);
    assert_non_null(strstr(ranks[0].err.fact, "no sense"));
    assert_true(ranks[1].ok);
    assert_int_equal(row.counts.frames, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_frame_ends_once_in_the_store_of_rank_0, make, drop),
        cmocka_unit_test_setup_teardown(a_signal_to_one_rank_stops_all, make, drop),
        cmocka_unit_test_setup_teardown(a_survey_is_looked_at_by_all_and_adopted_by_each, make, drop),
        cmocka_unit_test_setup_teardown(kernels_that_crash_or_hang_cost_their_frame_only, make, drop),
        cmocka_unit_test_setup_teardown(a_survey_that_fails_ends_the_job, make, drop),
        cmocka_unit_test_setup_teardown(an_error_of_one_rank_is_the_jobs, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
