/* team_test.c - a job of good and bad frames: each ends once, whatever the number of threads; files and counts are the same. */
#include "parallel/parallel.h"

#include "frames.h"

static char folder[64];
static volatile sig_atomic_t stop;

static int make(void **state)
{
    (void)state;
    support_folder(folder);
    stop = 0;
    char path[128];
    for (int i = 0; i < 12; i++) {
        snprintf(path, sizeof path, "%s/shot_%03d.img", folder, i);
        frame_with_spots(path, 3 * i);
        if (i == 5)
            assert_int_equal(truncate(path, 5000), 0);
    }
    return 0;
}

static int drop(void **state)
{
    (void)state;
    support_remove(folder);
    return 0;
}

struct seen {
    uint64_t done, failed, calls;
};

static void progress(void *arg, const struct team_progress *p)
{
    struct seen *s = arg;
    assert_true(p->done >= s->done);
    s->done = p->done;
    s->calls++;
}

static void failed(void *arg, const struct result *r)
{
    struct seen *s = arg;
    s->failed++;
    assert_int_equal(r->reason, REASON_TRUNCATED);
}

/* Run the folder with n threads into a fresh store; the rows of its job come back. */
static struct store_job_row run(int n_threads, struct seen *seen, struct arena *a)
{
    struct error err = {0};
    struct params *p = params_make(a);
    struct recipe *recipe;
    struct source_list list;
    struct store *store;
    struct store_job job;
    struct store_job_row *rows;
    size_t n;
    char *inputs[] = {folder};
    assert_true(recipe_make(p, a, &recipe, &err));
    assert_true(source_list_make(inputs, 1, &recipe->source, a, &list, &err));
    struct store_source *sources = arena_array(a, list.n_sources, sizeof *sources);
    uint64_t *frames = arena_array(a, (size_t)list.n_frames, sizeof *frames);
    for (size_t i = 0; i < list.n_sources; i++) {
        sources[i] = (struct store_source){.path = list.sources[i].recorded, .n_frames = 1};
        frames[i] = i;
    }
    char db[128];
    snprintf(db, sizeof db, "%s/db%d", folder, n_threads);
    struct store_begin begin = {.run_name = "shot",
                                .run_hash = recipe->hash,
                                .folder = folder,
                                .sources = sources,
                                .n_sources = list.n_sources,
                                .n_expected = list.n_frames,
                                .recipe_hash = recipe->hash,
                                .recipe_text = "",
                                .program = "test",
                                .host = "here",
                                .n_ranks = 1,
                                .n_threads = 1};
    assert_true(store_open_file(db, false, &store, &err));
    assert_true(store_begin(store, &begin, &job, &err));
    struct launch alone = {.size = 1};
    struct farm *farm;
    assert_true(farm_open(&alone, "test", &farm, &err));
    struct team team = {.farm = farm,
                        .recipe = recipe,
                        .list = &list,
                        .frames = frames,
                        .n_frames = list.n_frames,
                        .n_threads = n_threads,
                        .store = store,
                        .job = &job,
                        .stop = &stop,
                        .progress = progress,
                        .failed = failed,
                        .arg = seen};
    struct team_progress end;
    if (!team_run(&team, &end, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    farm_close(farm, 0);
    assert_true(store_jobs(store, a, &rows, &n, &err));
    store_close(store);
    source_list_close(&list);
    return rows[0];
}

static void every_frame_ends_once_on_one_thread_and_on_three(void **state)
{
    (void)state;
    struct arena a = {0};
    struct seen one = {0}, three = {0};
    struct store_job_row x = run(1, &one, &a), y = run(3, &three, &a);
    assert_int_equal(one.done, 12);
    assert_int_equal(one.failed, 1);
    assert_int_equal(three.failed, 1);
    assert_int_equal(x.counts.frames, 12);
    assert_memory_equal(&x.counts, &y.counts, sizeof x.counts);
    arena_free(&a);
}

static void a_team_that_is_told_to_stop_hands_out_nothing_more(void **state)
{
    (void)state;
    struct arena a = {0};
    struct seen seen = {0};
    stop = 1;
    assert_int_equal(run(2, &seen, &a).counts.frames, 0);
    assert_true(seen.calls > 0);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_frame_ends_once_on_one_thread_and_on_three, make, drop),
        cmocka_unit_test_setup_teardown(a_team_that_is_told_to_stop_hands_out_nothing_more, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
