/* sink_test.c - results in, files out: names, order, atomicity, refusals. */
#include "fixture.h"

#include "sink/sink.h"

static struct sink_options options(void)
{
    return (struct sink_options){.folder = folder,
                                 .composite = true,
                                 .indexed_refl = "%s_indexed.refl",
                                 .refined_expt = "%s_refined.expt",
                                 .integrated_expt = "%s_integrated.expt",
                                 .integrated_refl = "%s_integrated.refl",
                                 .recipe_hash = "hash",
                                 .program = "xfelx|0.1.0"};
}

static struct sink *opened(const struct sink_options *o)
{
    struct sink *s;
    struct error err = {0};
    if (!sink_open(o, &s, &err))
        fail_msg("%s", err.fact);
    return s;
}

static void put(struct sink *s, const struct result *r)
{
    struct error err = {0};
    if (!sink_put(s, r, &err))
        fail_msg("%s", err.fact);
}

static void publish(struct sink *s)
{
    struct error err = {0};
    if (!sink_publish(s, &err))
        fail_msg("%s", err.fact);
}

/* Names in the folder, sorted and joined by blanks; the folder is emptied. */
static const char *take_names(void)
{
    struct arena a = {0};
    struct error err = {0};
    static char out[2048];
    char **names;
    size_t n;
    assert_true(fs_list(folder, &a, &names, &n, &err));
    out[0] = 0;
    for (size_t i = 0; i < n; i++) {
        strcat(strcat(out, i ? " " : ""), fs_name(names[i]));
        assert_int_equal(unlink(names[i]), 0);
    }
    arena_free(&a);
    return out;
}

static char *content(struct arena *a, const char *name, size_t *n)
{
    struct bytes b = {0};
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(fs_read(path, 1 << 24, &b, &err));
    char *copy = arena_alloc(a, b.size + 1);
    memcpy(copy, b.data, b.size);
    *n = b.size;
    bytes_free(&b);
    return copy;
}

static void files_are_named_as_stills_process_names_them(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct sink_options o = options();
    struct result r = frames_result(&memory, 0, 0, 1, d);
    o.rank = 12;
    o.imported_expt = "%s_imported.expt";
    o.strong_refl = "%s_strong.refl";
    struct sink *s = opened(&o);
    put(s, &r);
    publish(s);
    assert_string_equal(take_names(), "idx-0012_imported.expt idx-0012_indexed.refl idx-0012_integrated.expt "
                                      "idx-0012_integrated.refl idx-0012_refined.expt idx-0012_strong.refl");
    sink_close(s);
}

static void single_files_carry_the_tag_of_their_image(void **state)
{
    (void)state;
    static const struct sink_source sources[] = {{"/data/a/shot-17.cbf.gz", 0, 1},
                                                 {"/data/run_1.h5", 1, 40},
                                                 {"/data/b/shot-17.cbf.gz", 41, 1},
                                                 {"/data/x.cbf", 42, 1}};
    const struct detector *d = frames_detector(&memory, 100);
    struct sink_options o = options();
    struct error err = {0};
    o.composite = false;
    o.indexed_refl = o.refined_expt = NULL;
    o.sources = sources;
    o.n_sources = 4;
    struct sink *s = opened(&o);
    for (uint32_t i = 0; i < 4; i++) {
        struct result r = frames_result(&memory, i, i == 1 ? 3 : 0, 1, d);
        r.id.path = sources[i].path;
        put(s, &r);
    }
    struct result beyond = frames_result(&memory, 4, 0, 1, d);
    assert_false(sink_put(s, &beyond, &err));
    publish(s);
    assert_string_equal(take_names(), "idx-run_1_00004_integrated.expt idx-run_1_00004_integrated.refl "
                                      "idx-shot-17_00000_integrated.expt idx-shot-17_00000_integrated.refl "
                                      "idx-shot-17_00041_integrated.expt idx-shot-17_00041_integrated.refl "
                                      "idx-x_integrated.expt idx-x_integrated.refl");
    sink_close(s);
}

static void files_depend_on_the_results_alone_not_on_their_order_or_time(void **state)
{
    (void)state;
    enum { N = 9 };
    static const char *const names[] = {"idx-0000_integrated.expt", "idx-0000_integrated.refl",
                                        "idx-0000_refined.expt", "idx-0000_indexed.refl"};
    struct result frames[N];
    for (uint32_t i = 0; i < N; i++)
        frames[i] =
            frames_result(&memory, i / 5, i % 5, i % 3, frames_detector(&memory, i % 4 == 3 ? 101 : 100));
    char *text[2][4];
    size_t size[2][4];
    for (int turn = 0; turn < 2; turn++) {
        struct sink_options o = options();
        struct sink *s = opened(&o);
        for (int i = 0; i < N; i++) {
            struct result r = frames[turn ? (i * 4 + 2) % N : i];
            r.t_done += turn * INT64_C(86400000000000);
            put(s, &r);
            if (i == 4)
                publish(s); /* half-way: what follows must not care */
        }
        publish(s);
        sink_close(s);
        for (int k = 0; k < 4; k++)
            text[turn][k] = content(&memory, names[k], &size[turn][k]);
        take_names();
    }
    for (int k = 0; k < 4; k++) {
        assert_int_equal(size[0][k], size[1][k]);
        assert_memory_equal(text[0][k], text[1][k], size[0][k]);
    }
}

static void frames_without_lattices_leave_no_trace_in_indexed_files(void **state)
{
    (void)state;
    const struct detector *d = frames_detector(&memory, 100);
    struct sink_options o = options();
    struct result blank = frames_result(&memory, 0, 0, 0, d), failed = frames_result(&memory, 0, 1, 0, d);
    failed.outcome = OUTCOME_FAILED;
    failed.detector = NULL;
    struct sink *s = opened(&o);
    put(s, &blank), put(s, &failed);
    publish(s);
    assert_string_equal(take_names(), "");
    sink_close(s);
    o.imported_expt = "%s_imported.expt";
    s = opened(&o);
    put(s, &blank), put(s, &failed);
    publish(s);
    assert_string_equal(take_names(), "idx-0000_imported.expt");
    sink_close(s);
}

static void a_lattice_that_was_not_integrated_is_only_in_the_indexed_files(void **state)
{
    (void)state;
    struct sink_options o = options();
    struct result r = frames_result(&memory, 0, 0, 1, frames_detector(&memory, 100));
    r.n_integrated = 0;
    struct sink *s = opened(&o);
    put(s, &r);
    publish(s);
    assert_string_equal(take_names(), "idx-0000_indexed.refl idx-0000_refined.expt");
    sink_close(s);
}

static void nothing_is_written_when_a_table_is_broken(void **state)
{
    (void)state;
    struct sink_options o = options();
    struct error err = {0};
    struct result good = frames_result(&memory, 0, 0, 1, frames_detector(&memory, 100));
    struct result bad = frames_result(&memory, 0, 1, 1, good.detector);
    ((struct reflection *)(uintptr_t)bad.integrated)->variance = -1;
    struct sink *s = opened(&o);
    put(s, &good), put(s, &bad);
    assert_false(sink_publish(s, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_non_null(strstr(err.fact, "run_0.h5, frame 1: integrated row 0"));
    assert_string_equal(take_names(), "");
    sink_close(s);
    s = opened(&o);
    put(s, &good), put(s, &good); /* the same frame twice: one identifier */
    assert_false(sink_publish(s, &err));
    assert_int_equal(err.code, ERROR_INTERNAL);
    assert_string_equal(take_names(), "");
    sink_close(s);
}

static void a_full_disk_is_an_error_and_leaves_no_half_file(void **state)
{
    (void)state;
    struct sink_options o = options();
    struct error err = {0};
    char sub[96];
    struct result r = frames_result(&memory, 0, 0, 1, frames_detector(&memory, 100));
    snprintf(sub, sizeof sub, "%s/gone", folder);
    o.folder = sub;
    struct sink *s = opened(&o);
    assert_true(fs_is_folder(sub)); /* made by sink_open */
    put(s, &r);
    assert_int_equal(rmdir(sub), 0); /* stands for any failure of writing */
    assert_false(sink_publish(s, &err));
    assert_true(err.code != ERROR_NONE && strstr(err.fact, "idx-0000") != NULL);
    sink_close(s);
}

static void names_that_cannot_work_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct sink *s;
    struct sink_options o = options();
    o.indexed_refl = NULL;
    assert_false(sink_open(&o, &s, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.fact, "no partner"));
    static const char *const bad[] = {"%s_%s.expt", "%d.expt", "100%.expt", "", "%", "%%s.expt"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        o = options();
        o.integrated_expt = bad[i];
        assert_false(sink_open(&o, &s, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
    o = options();
    o.integrated_refl = "all.refl"; /* fine for one rank, overwritten by several */
    assert_true(sink_open(&o, &s, &err));
    sink_close(s);
    o.rank = 1;
    assert_false(sink_open(&o, &s, &err));
    o.rank = 0, o.composite = false;
    assert_false(sink_open(&o, &s, &err));
}

static void paths_that_readers_would_change_are_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct sink_options o = options();
    struct result r = frames_result(&memory, 0, 0, 1, frames_detector(&memory, 100));
    struct sink *s = opened(&o);
    r.id.path = "/data/$HOME/x.h5";
    assert_false(sink_put(s, &r, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    sink_close(s);
}

static void shoeboxes_need_the_pixels(void **state)
{
    (void)state;
    struct error err = {0};
    struct sink_options o = options();
    struct result r = frames_result(&memory, 0, 0, 1, frames_detector(&memory, 100));
    size_t with, without;
    o.shoeboxes = true;
    struct sink *s = opened(&o);
    put(s, &r);
    publish(s);
    sink_close(s);
    content(&memory, "idx-0000_indexed.refl", &with);
    o.shoeboxes = false;
    s = opened(&o);
    put(s, &r);
    publish(s);
    sink_close(s);
    content(&memory, "idx-0000_indexed.refl", &without);
    take_names();
    /* two boxes of 2 pixels, the column's name, type and headers */
    assert_int_equal(with - without, 2 * (29 + 12 * 2) + 8 + 1 + 10 + 2 + 2);
    r.pixels = NULL;
    o.shoeboxes = true;
    s = opened(&o);
    assert_false(sink_put(s, &r, &err));
    sink_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_named_as_stills_process_names_them),
        cmocka_unit_test(single_files_carry_the_tag_of_their_image),
        cmocka_unit_test(files_depend_on_the_results_alone_not_on_their_order_or_time),
        cmocka_unit_test(frames_without_lattices_leave_no_trace_in_indexed_files),
        cmocka_unit_test(a_lattice_that_was_not_integrated_is_only_in_the_indexed_files),
        cmocka_unit_test(nothing_is_written_when_a_table_is_broken),
        cmocka_unit_test(a_full_disk_is_an_error_and_leaves_no_half_file),
        cmocka_unit_test(names_that_cannot_work_are_refused),
        cmocka_unit_test(paths_that_readers_would_change_are_refused),
        cmocka_unit_test(shoeboxes_need_the_pixels),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
