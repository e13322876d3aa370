/* journals_test.c - journals of several attempts: each frame counts once, and files made from them are those that were made at
 * once. */
#include "fixture.h"

#include "sink/sink.h"

static void good(bool ok, const struct error *err)
{
    if (!ok)
        fail_msg("%s: %s", err->fact, err->detail);
}

static const struct journal_source paths[] = {{"/data/run_0.h5", 1, 1, 8}, {"/data/run_1.h5", 1, 1, 8}};

static const char *path_of(uint64_t attempt, uint32_t rank)
{
    return arena_printf(&memory, "%s/a%u/r%04u.xfj", folder, (unsigned)attempt, rank);
}

static struct journal *created(uint64_t attempt, uint32_t rank, uint8_t recipe)
{
    struct journal_start start = {.identity = {.attempt = attempt, .rank = rank, .recipe = {recipe}},
                                  .program = "xfelx",
                                  .host = "h",
                                  .boot_id = "b",
                                  .recipe_text = "",
                                  .sources = paths,
                                  .n_sources = 2};
    struct journal *j;
    struct error err = {0};
    good(journal_create(path_of(attempt, rank), &start, &j, &err), &err);
    return j;
}

static void put(struct journal *j, const struct result *r, bool final, unsigned tries)
{
    struct error err = {0};
    good(journal_put(j, r, final, tries, &err), &err);
}

static void done(struct journal *j)
{
    struct error err = {0};
    good(journal_sync(j, &err), &err);
    journal_close(j);
}

static struct journals *opened(const char *const *names, size_t n)
{
    struct journals *j;
    struct error err = {0};
    good(journals_open(names, n, &j, &err), &err);
    return j;
}

static void a_frame_counts_once_whatever_the_order_of_the_journals(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct result r[4];
    for (uint32_t i = 0; i < 4; i++)
        r[i] = frames_result(&memory, i / 2, i % 2, 1, d);
    struct journal *j = created(1, 0, 0);
    put(j, &r[3], true, 1);
    put(j, &r[0], false, 1); /* tried again by the next attempt */
    done(j);
    j = created(2, 0, 0);
    put(j, &r[0], true, 2);
    put(j, &r[3], true, 1); /* twice: the earlier one counts */
    put(j, &r[1], true, 1);
    done(j);
    j = created(2, 1, 0);
    put(j, &r[1], true, 1);
    journal_void(j, &(struct journal_void){2, 0, 0, 1}, 1); /* rank 0's is not used */
    put(j, &r[2], false, 1);
    done(j);
    const char *names[] = {path_of(1, 0), path_of(2, 0), path_of(2, 1)};
    for (int turn = 0; turn < 3; turn++) {
        struct journals *all =
            opened((const char *[]){names[turn], names[(turn + 1) % 3], names[(turn + 2) % 3]}, 3);
        size_t n;
        const struct journals_frame *f = journals_frames(all, &n);
        assert_int_equal(n, 4);
        assert_true(f[0].final && f[0].attempt == 2 && f[0].rank == 0 && f[0].tries == 2);
        assert_true(f[1].final && f[1].attempt == 2 && f[1].rank == 1);
        assert_true(!f[2].final && f[2].tries == 1);
        assert_true(f[3].final && f[3].attempt == 1);
        journals_close(all);
    }
}

/* Ranks 1 and 2 did frames 0 and 1 of source 0; rank 2 did frame 1 twice, rank 1 frame 2. */
static struct journals *done_twice(const struct result r[3])
{
    struct journal *j = created(1, 1, 0);
    for (int i = 0; i < 3; i++)
        put(j, &r[i], true, 1);
    put(j, &r[2], true, 1);
    done(j);
    j = created(1, 2, 0);
    for (int i = 0; i < 2; i++)
        put(j, &r[i], true, 1);
    put(j, &r[1], true, 1);
    done(j);
    return opened((const char *[]){path_of(1, 1), path_of(1, 2)}, 2);
}

static void of_a_frame_that_two_ranks_did_the_one_in_the_store_counts(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct result r[3];
    for (uint32_t i = 0; i < 3; i++)
        r[i] = frames_result(&memory, 0, i, 1, d);
    struct journals *j = done_twice(r);
    size_t n;
    const struct journals_frame *f = journals_frames(j, &n);
    assert_int_equal(n, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(f[i].rank, 1); /* without a row the smaller rank */
    journals_doubles(j, &n);
    assert_int_equal(n, 3); /* not rank 1's second record of frame 2 */
    journals_prefer(j, 0, 1, 1);
    journals_prefer(j, 0, 1, 7); /* nobody that we know of */
    journals_prefer(j, 2, 1, 2);
    journals_prefer(j, 1, 1, 2);
    assert_int_equal(f[0].rank, 1);
    assert_int_equal(f[1].rank, 2);
    assert_int_equal(f[2].rank, 1);
    const struct journal_void *v = journals_doubles(j, &n);
    assert_int_equal(n, 2);
    assert_true(v[0].rank == 2 && v[0].frame == 0 && v[0].attempt == 1);
    assert_true(v[1].rank == 1 && v[1].frame == 1);
    journals_close(j);
}

static struct sink_options options(const char *name)
{
    static const struct sink_source sources[] = {{"/data/run_0.h5", 0, 8}, {"/data/run_1.h5", 8, 8}};
    return (struct sink_options){.folder = fs_join(&memory, folder, name),
                                 .composite = true,
                                 .sources = sources,
                                 .n_sources = 2,
                                 .imported_expt = "%s_imported.expt",
                                 .strong_refl = "%s_strong.refl",
                                 .indexed_refl = "%s_indexed.refl",
                                 .refined_expt = "%s_refined.expt",
                                 .integrated_expt = "%s_integrated.expt",
                                 .integrated_refl = "%s_integrated.refl",
                                 .stream = "%s.stream",
                                 .recipe_hash = "hash",
                                 .program = "xfelx|0.1.0",
                                 .shoeboxes = true};
}

/* lean: no spots in any file, so that rows are read again and not kept */
static struct sink *sink_of(const char *name, bool lean)
{
    struct sink_options o = options(name);
    if (lean) {
        o.strong_refl = o.stream = NULL;
        o.shoeboxes = false;
    }
    struct sink *s;
    struct error err = {0};
    good(sink_open(&o, &s, &err), &err);
    return s;
}

static void published(struct sink *s)
{
    struct error err = {0};
    good(sink_publish(s, &err), &err);
    sink_close(s);
}

/* Names and bytes of all files of a folder. */
static struct str content(const char *name, size_t n_files)
{
    struct str out = {0};
    struct error err = {0};
    char **names;
    size_t n;
    good(fs_list(fs_join(&memory, folder, name), &memory, &names, &n, &err), &err);
    assert_int_equal(n, n_files);
    for (size_t i = 0; i < n; i++) {
        struct bytes b = {0};
        good(fs_read(names[i], 1 << 24, &b, &err), &err);
        str_printf(&out, "%s %zu\n", fs_name(names[i]), b.size);
        str_addn(&out, (const char *)b.data, b.size);
        bytes_free(&b);
    }
    return out;
}

static void compare_files(bool lean)
{
    const struct detector *near = frames_detector(&memory, 100), *far = frames_detector(&memory, 100.5);
    struct journal *first = created(1, 0, 0), *second = created(2, 0, 0), *other = created(2, 1, 0);
    struct sink *direct = sink_of("direct", lean), *rebuilt = sink_of("rebuilt", lean);
    struct error err = {0};
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t k = i * 7 % 16; /* in an order of their own */
        struct result r = frames_result(&memory, k / 8, k % 8, k % 3, k % 5 ? near : far);
        put(k % 4 == 3 ? other : k % 2 ? second : first, &r, true, 1);
        if (k % 4 != 3)
            good(sink_put(direct, &r, &err), &err);
    }
    done(first);
    done(second);
    done(other);
    published(direct);
    struct journals *j = opened((const char *[]){path_of(2, 1), path_of(2, 0), path_of(1, 0)}, 3);
    good(sink_put_journals(rebuilt, j, 0, &err), &err);
    published(rebuilt);
    journals_close(j);
    size_t n = lean ? 5 : 7 + 1; /* two geometries: two streams */
    struct str a = content("direct", n), b = content("rebuilt", n);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.text, b.text, a.len);
    str_free(&a);
    str_free(&b);
}

static void files_from_journals_are_those_made_at_once_byte_for_byte(void **state)
{
    (void)state;
    compare_files(false);
}

static void files_whose_rows_are_read_again_are_the_same_too(void **state)
{
    (void)state;
    compare_files(true);
}

static void results_of_other_parameters_are_never_mixed(void **state)
{
    (void)state;
    struct journals *j;
    struct error err = {0};
    done(created(1, 0, 1));
    done(created(2, 0, 2));
    assert_false(journals_open((const char *[]){path_of(1, 0), path_of(2, 0)}, 2, &j, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "other parameters"));
}

static void a_journal_that_ends_in_mid_write_gives_what_it_has(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct result r[2] = {frames_result(&memory, 0, 0, 1, d), frames_result(&memory, 0, 1, 1, d)}, back;
    struct error err = {0};
    struct bytes b = {0};
    struct journal *j = created(1, 0, 0);
    put(j, &r[0], true, 1);
    put(j, &r[1], true, 1);
    done(j);
    good(fs_read(path_of(1, 0), 1 << 24, &b, &err), &err);
    assert_int_equal(truncate(path_of(1, 0), (off_t)b.size - 10), 0);
    struct journals *all = opened((const char *[]){path_of(1, 0)}, 1);
    size_t n;
    const struct journals_frame *f = journals_frames(all, &n);
    assert_int_equal(n, 1);
    good(journals_result(all, f, &memory, &back, &err), &err);
    assert_memory_equal(back.integrated, r[0].integrated, 2 * sizeof *back.integrated);
    assert_true(journal_whole(journals_reader(all, 0)) < b.size - 10);
    journals_close(all);
    bytes_free(&b);
}

static void journals_are_found_by_attempt_and_rank_and_nothing_else_is(void **state)
{
    (void)state;
    struct error err = {0};
    char **names;
    size_t n;
    const struct {
        uint64_t attempt;
        uint32_t rank;
    } made[] = {{2, 0}, {10, 1}, {10, 1000}, {10, 12345}};
    for (size_t i = 0; i < 4; i++) {
        struct journal_start start = {.identity = {.attempt = made[i].attempt, .rank = made[i].rank},
                                      .program = "",
                                      .host = "",
                                      .boot_id = "",
                                      .recipe_text = ""};
        struct journal *j;
        good(journal_create(journals_path(&memory, folder, made[i].attempt, made[i].rank), &start, &j, &err),
             &err);
        journal_close(j);
    }
    const char *others[] = {"a2/r1.xfj", "a02/r0000.xfj", "a2/1/r0001.xfj", "a2/r0007.xfj", "b/r0000.xfj"};
    for (size_t i = 0; i < 5; i++) {
        char *path = fs_join(&memory, folder, others[i]);
        good(fs_make_folders(fs_folder(&memory, path), &err) && fs_write_atomic(path, "x", 1, &err), &err);
    }
    good(journals_list(folder, -1, &memory, &names, &n, &err), &err);
    assert_int_equal(n, 4); /* r0007 has no head: it was about to be made */
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(names[i], journals_path(&memory, folder, made[i].attempt, made[i].rank));
    good(journals_list(folder, 1000, &memory, &names, &n, &err), &err);
    assert_int_equal(n, 1);
    good(journals_list(fs_join(&memory, folder, "gone"), -1, &memory, &names, &n, &err), &err);
    assert_int_equal(n, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_frame_counts_once_whatever_the_order_of_the_journals),
        TEST(of_a_frame_that_two_ranks_did_the_one_in_the_store_counts),
        TEST(files_from_journals_are_those_made_at_once_byte_for_byte),
        TEST(files_whose_rows_are_read_again_are_the_same_too),
        TEST(results_of_other_parameters_are_never_mixed),
        TEST(a_journal_that_ends_in_mid_write_gives_what_it_has),
        TEST(journals_are_found_by_attempt_and_rank_and_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
