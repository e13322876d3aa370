/* publish_test.c - files from the journals of all attempts of a rank, also of ranks that are no more. */
#include "job.h"

static struct publish files(void)
{
    return (struct publish){.journals = job_journals(),
                            .sink = {.folder = fs_join(&job_arena, job_folder, "out"),
                                     .composite = true,
                                     .imported_expt = "%s_imported.expt",
                                     .recipe_hash = job_recipe->hash_hex,
                                     .program = "test"}};
}

static size_t experiments(uint32_t rank)
{
    struct bytes b = {0};
    size_t n = 0;
    char *path = arena_printf(&job_arena, "%s/out/idx-%04u_imported.expt", job_folder, rank);
    if (!fs_is_file(path))
        return 0;
    assert_true(fs_read(path, 1 << 24, &b, NULL));
    for (size_t i = 0; i + 12 < b.size; i++)
        n += !memcmp(b.data + i, "\"Experiment\"", 12);
    bytes_free(&b);
    return n;
}

/* A frame with a detector, as files need it. */
static void put(struct journal *j, uint32_t number, const struct detector *d)
{
    struct error err = {0};
    struct result r = job_result(number, OUTCOME_BLANK, REASON_NO_SPOTS);
    r.detector = d;
    r.beam.polarization_normal[1] = 1;
    job_good(journal_put(j, &r, true, 1, &err) && journal_sync(j, &err), &err);
}

static void a_rank_has_the_frames_of_all_its_attempts(void **state)
{
    (void)state;
    struct error err = {0};
    struct publish p = files();
    struct source *s;
    job_good(source_open(job_list.sources[0].path, &job_recipe->source, &s, &err), &err);
    const struct detector *d = source_detector(s);
    struct journal *first = job_journal(1, 0), *second = job_journal(2, 0), *other = job_journal(1, 2);
    put(first, 0, d);
    put(first, 1, d);
    put(second, 2, d);
    put(other, 3, d);
    put(other, 4, d);
    journal_void(second, &(struct journal_void){1, 2, 4, 0}, 1); /* a later attempt's first rank says so */
    put(second, 5, d);
    journal_close(first);
    journal_close(other);
    job_good(publish_rank(&p, 0, &err), &err); /* beside its writer */
    assert_int_equal(experiments(0), 4);
    assert_int_equal(experiments(2), 0);
    job_good(publish_from(&p, 1, &err), &err);
    assert_int_equal(experiments(2), 1);
    assert_int_equal(experiments(1), 0);
    journal_close(second);
    source_close(s);
}

static void without_journals_there_are_no_files(void **state)
{
    (void)state;
    struct error err = {0};
    struct publish p = files();
    job_good(publish_rank(&p, 0, &err) && publish_from(&p, 1, &err), &err);
    assert_int_equal(experiments(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(a_rank_has_the_frames_of_all_its_attempts),
        JOB_TEST(without_journals_there_are_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
