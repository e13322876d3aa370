/* check_test.c - a sound database has no differences; each kind of damage is found and named. */
#include "database.h"

#include "store/store_private.h"

#include <string.h>

enum { FRAMES = 30 };

static struct str lines;

static void keep_line(void *arg, const char *line)
{
    (void)arg;
    str_printf(&lines, "%s\n", line);
}

static int64_t differences(void)
{
    struct store *s = NULL;
    struct error err = {0};
    struct store_options o = database_options();
    struct store_check check = {.say = keep_line};
    str_free(&lines);
    if (!store_open_existing(&o, true, false, &s, &err) || !store_check(s, &check, &err))
        fail_msg("%s: %s", err.fact, err.detail);
    store_close(s);
    return check.n_differences;
}

/* A job that is done: blank frames, of which one failed. */
static void process(void)
{
    struct store *s = NULL;
    struct error err = {0};
    struct store_job job;
    struct result r[FRAMES];
    const struct result *p[FRAMES];
    const struct store_source source = {"/data/a.h5", 100, 1, FRAMES, "NXmx"};
    const struct store_begin b = {.run_name = "a",
                                  .run_hash = (const uint8_t *)"0123456789abcdef",
                                  .folder = "/results",
                                  .sources = &source,
                                  .n_sources = 1,
                                  .n_expected = FRAMES,
                                  .recipe_hash = (const uint8_t *)"0123456789abcdef0123456789abcdef",
                                  .recipe_text = "x = 1\n",
                                  .program = "xfelx test",
                                  .host = "here",
                                  .n_ranks = 1,
                                  .n_threads = 1};
    assert_true(database_open(false, &s, &err));
    assert_true(store_begin(s, &b, &job, &err));
    for (uint32_t i = 0; i < FRAMES; i++) {
        r[i] = (struct result){.id = {.frame = i, .path = source.path},
                               .outcome = i ? OUTCOME_BLANK : OUTCOME_FAILED,
                               .reason = i ? REASON_FEW_SPOTS : REASON_TRUNCATED,
                               .beam = {.v = {.wavelength = 1.3}},
                               .t_done = 1 + (int64_t)i};
        p[i] = r + i;
    }
    const struct store_batch batch = {.attempt = job.attempt, .results = p, .n = FRAMES};
    assert_true(store_put_results(s, &job, &batch, 1, "hash", &err));
    assert_true(store_write_rolls(s, true, &err));
    assert_true(store_end(s, &job, END_OK, 0, true, &err));
    store_close(s);
}

static void a_sound_database_has_no_differences(void **state)
{
    (void)state;
    database_place();
    process();
    if (differences() != 0)
        fail_msg("%s", lines.text);
    database_drop();
}

static void each_damage_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *damage, *named;
    } rows[] = {
        {"UPDATE roll SET blank=blank+1,frames=frames+1", "the roll-up says 30 for blank, the rows 29"},
        {"UPDATE roll SET failed=failed+1", "outcomes do not add up"},
        {"UPDATE roll_minute SET frames=frames+1", "the minutes are not those of its rows"},
        {"DELETE FROM roll_hist WHERE kind=12", "histogram 12 is missing"},
        {"UPDATE roll_hist SET total=total*2 WHERE kind=12", "histogram 12 is not that of its rows"},
        {"INSERT INTO roll_sample(attempt,writer,hash,source,frame,lattice,label,level,a,b,c,al,be,ga,dir) "
         "VALUES(1,0,5,0,0,0,0,0,1,1,1,1,1,1,x'00')",
         "the sample of lattices"},
        {"DELETE FROM frame WHERE frame=3", "done without all their frames"},
        {"UPDATE frame SET n_lattice=2 WHERE frame=4", "count other lattices than they have"},
        {"UPDATE frame SET outcome=9 WHERE frame=4", "without one of the outcomes"},
        {"UPDATE frame SET attempt=77 WHERE frame=4", "an attempt that is not one of their job"},
        {"UPDATE frame SET source=7 WHERE frame=4", "a source that their run has not"},
        {"UPDATE job SET trial=9", "a run or trial that is not there"},
        {"UPDATE failure SET frame=9999", "messages of failed frames without their frame"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        database_place();
        process();
        database_do(rows[i].damage);
        assert_true(differences() > 0);
        if (!strstr(lines.text, rows[i].named))
            fail_msg("%s:\n%s", rows[i].damage, lines.text);
        database_drop();
    }
    str_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_database_has_no_differences),
        cmocka_unit_test(each_damage_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
