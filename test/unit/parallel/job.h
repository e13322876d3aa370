/* job.h - a small job for the tests of this room: files, their list, a store, journals of its attempts. */
#ifndef XFELX_TEST_PARALLEL_JOB_H
#define XFELX_TEST_PARALLEL_JOB_H

#include "parallel/parallel.h"

#include "frames.h"

enum { JOB_FRAMES = 12 };

static char job_folder[64];
static struct arena job_arena;
static struct recipe *job_recipe;
static struct source_list job_list;
static uint64_t job_numbers[JOB_FRAMES];

static inline void job_good(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s: %s", err->fact, err->detail);
}

/* Frames shot_000.img …, each with three spots more than the one before; shot_005 is cut short. */
static inline int job_setup(void **state)
{
    (void)state;
    struct error err = {0};
    support_folder(job_folder);
    for (int i = 0; i < JOB_FRAMES; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/shot_%03d.img", job_folder, i);
        frame_with_spots(path, 3 * i);
        job_numbers[i] = (uint64_t)i;
        if (i == 5)
            assert_int_equal(truncate(path, 5000), 0);
    }
    char *inputs[] = {job_folder};
    return recipe_make(params_make(&job_arena), &job_arena, &job_recipe, &err) &&
                   source_list_make(inputs, 1, &job_recipe->source, &job_arena, &job_list, &err)
               ? 0
               : -1;
}

static inline int job_teardown(void **state)
{
    (void)state;
    source_list_close(&job_list);
    arena_free(&job_arena);
    support_remove(job_folder);
    return 0;
}

/* A new store, with an attempt begun. */
static inline struct store *job_store(struct store_job *job)
{
    struct error err = {0};
    struct store *s;
    struct store_source sources[JOB_FRAMES];
    for (int i = 0; i < JOB_FRAMES; i++)
        sources[i] = (struct store_source){.path = job_list.sources[i].recorded, .n_frames = 1};
    struct store_begin begin = {.run_name = "shot",
                                .run_hash = job_recipe->hash,
                                .folder = job_folder,
                                .sources = sources,
                                .n_sources = JOB_FRAMES,
                                .n_expected = JOB_FRAMES,
                                .recipe_hash = job_recipe->hash,
                                .recipe_text = "",
                                .program = "test",
                                .host = "here",
                                .n_ranks = 1,
                                .n_threads = 1};
    job_good(store_open_file(fs_join(&job_arena, job_folder, "db"), false, &s, &err), &err);
    job_good(store_begin(s, &begin, job, &err), &err);
    return s;
}

/* The one job of a store. */
static inline struct store_job_row job_row(struct store *s)
{
    struct error err = {0};
    struct store_job_row *rows;
    size_t n;
    job_good(store_jobs(s, &job_arena, &rows, &n, &err), &err);
    assert_int_equal(n, 1);
    return rows[0];
}

static inline char *job_journals(void)
{
    return fs_join(&job_arena, job_folder, "journals");
}

static inline struct journal *job_journal(uint64_t attempt, uint32_t rank)
{
    struct error err = {0};
    struct journal *j;
    struct journal_source sources[JOB_FRAMES];
    for (int i = 0; i < JOB_FRAMES; i++)
        sources[i] = (struct journal_source){job_list.sources[i].recorded, 1, 1, 1};
    struct journal_start start = {.identity = {.attempt = attempt, .rank = rank},
                                  .program = "test",
                                  .host = "here",
                                  .boot_id = "",
                                  .recipe_text = "",
                                  .sources = sources,
                                  .n_sources = JOB_FRAMES};
    memcpy(start.identity.recipe, job_recipe->hash, 16);
    job_good(journal_create(journals_path(&job_arena, job_journals(), attempt, rank), &start, &j, &err),
             &err);
    return j;
}

/* What a frame without spots leaves. */
static inline struct result job_result(uint32_t number, enum outcome outcome, enum reason reason)
{
    return (struct result){
        .id = {.source = number, .path = job_list.sources[number].recorded, .single = true},
        .outcome = outcome,
        .reason = reason,
        .beam = {.v = {1.3, {0, 0, 1}}},
        .t_done = 1};
}

static inline void job_put(struct journal *j, uint32_t number, enum outcome outcome, enum reason reason,
                           bool final)
{
    struct error err = {0};
    struct result r = job_result(number, outcome, reason);
    job_good(journal_put(j, &r, final, final ? 2 : 1, &err) && journal_sync(j, &err), &err);
}

static inline struct journals *job_read(void)
{
    struct error err = {0};
    struct journals *all;
    char **paths;
    size_t n;
    job_good(journals_list(job_journals(), -1, &job_arena, &paths, &n, &err) &&
                 journals_open((const char *const *)paths, n, &all, &err),
             &err);
    return all;
}

#define JOB_TEST(f) cmocka_unit_test_setup_teardown(f, job_setup, job_teardown)

#endif
