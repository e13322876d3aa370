/* check_test.c - a sound database has no differences; each kind of damage is found and named. */
#include "done_job.h"

#include "store/store_private.h"

#include <string.h>

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

static void a_sound_database_has_no_differences(void **state)
{
    (void)state;
    database_place();
    done_job(30);
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
        done_job(30);
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
