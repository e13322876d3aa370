/* book_test.c - what the changes of the book share, runs and their tags, trials, tasks, datasets, notes. */
#include "book_rows.h"

#include <math.h>
#include <string.h>

static void ranges_are_read_sorted_and_joined(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_range *r;
    size_t n;
    const char *words[] = {"20,12-15", "14-17", "3"};
    assert_true(store_ranges(words, 3, "run", &a, &r, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(r[0].first, 3);
    assert_int_equal(r[1].first, 12);
    assert_int_equal(r[1].last, 17);
    assert_int_equal(r[2].last, 20);
    static const char *const bad[] = {
        "", "-", "1-", "-3", "5-3", "1,", ",1", "1,,2", "x", "1-2-3", " 1", "99999999999999999999", "1;2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (struct error){0};
        assert_false(store_ranges(bad + i, 1, "run", &a, &r, &n, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
    arena_free(&a);
}

static void runs_are_found_by_number_row_and_name(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    int64_t *ids;
    size_t n;
    struct store *s = book_rows(5);
    const char *words[] = {"2-3", "r0005", "2"};
    MUST(store_find_runs(s, words, 3, &a, &ids, &n, &err));
    assert_int_equal(n, 3);
    const char *far[] = {"4-100"};
    MUST(store_find_runs(s, far, 1, &a, &ids, &n, &err));
    assert_int_equal(n, 2);
    const char *none[] = {"7"}, *nobody[] = {"r0007"}, *beyond[] = {"7-9"};
    assert_false(store_find_runs(s, none, 1, &a, &ids, &n, &err));
    assert_false(store_find_runs(s, nobody, 1, &a, &ids, &n, &err));
    assert_false(store_find_runs(s, beyond, 1, &a, &ids, &n, &err));
    database_do("UPDATE run SET ord=2 WHERE ord=3");
    const char *two[] = {"2"};
    assert_false(store_find_runs(s, two, 1, &a, &ids, &n, &err));
    assert_non_null(strstr(err.hint, "2#"));
    char word[32];
    snprintf(word, sizeof word, "2#%lld", (long long)database_number("SELECT max(id) FROM run WHERE ord=2"));
    const char *row[] = {word};
    MUST(store_find_runs(s, row, 1, &a, &ids, &n, &err));
    assert_int_equal(n, 1);
    arena_free(&a);
    book_end(s);
}

static void a_run_has_those_beside_it(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    const char *before, *after;
    struct store *s = book_rows(4);
    int64_t id[5];
    for (int i = 1; i <= 4; i++)
        id[i] = database_number(i == 1   ? "SELECT id FROM run WHERE ord=1"
                                : i == 2 ? "SELECT id FROM run WHERE ord=2"
                                : i == 3 ? "SELECT id FROM run WHERE ord=3"
                                         : "SELECT id FROM run WHERE ord=4");
    MUST(store_run_neighbours(s, id[1], &a, &before, &after, &err));
    assert_string_equal(before, "");
    assert_string_equal(after, "2");
    database_do("UPDATE run SET ord=2 WHERE ord=3"); /* two have one number */
    char second[32];
    snprintf(second, sizeof second, "2#%lld", (long long)id[3]);
    MUST(store_run_neighbours(s, id[2], &a, &before, &after, &err));
    assert_string_equal(before, "1");
    assert_string_equal(after, second);
    MUST(store_run_neighbours(s, id[4], &a, &before, &after, &err));
    assert_string_equal(before, second);
    assert_string_equal(after, "");
    arena_free(&a);
    book_end(s);
}

/* Whatever stands in a text comes back as it was. */
static const char *const hostile[] = {
    "it's",
    "\"quoted\"",
    "$(touch pwned)",
    "`touch pwned`",
    "-rf",
    "--help",
    "a\nb\tc",
    "'; DROP TABLE run; --",
    "%s%n%d",
    "\\x41\\",
    "日本語 μ",
    "😀",
    "../../etc",
    "a,b;c|d&e",
    "\x1b[31mred",
    "null",
    "NULL",
    "*?[a]{b}",
    "\xe2\x80\xae"
    "rtl",
    "e\xcc\x81",
    "<b>&amp;</b>",
    "#7",
    "12-15",
    "?",
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

static void hostile_tags_and_comments_come_back_as_they_were(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store *s = book_rows(HOSTILE);
    struct store_run_row *runs;
    size_t n, changed;
    for (int64_t i = 0; i < HOSTILE; i++) {
        int64_t id = database_number("SELECT min(id) FROM run") + i;
        MUST(store_run_tag(s, &somebody, &id, 1, hostile[i], true, true, &changed, &err));
        assert_int_equal(changed, 1);
        MUST(store_run_comment(s, &somebody, &id, 1, hostile[i], &changed, &err));
        MUST(store_note_add(s, &somebody, NOTE_RUN, id, hostile[i], &err));
    }
    MUST(store_runs(s, &(struct store_run_filter){0}, &a, &runs, &n, &err));
    assert_int_equal(n, HOSTILE);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(runs[i].n_tags, 1);
        assert_string_equal(runs[i].tags[0], hostile[i]);
        assert_string_equal(runs[i].comment, hostile[i]);
        assert_int_equal(runs[i].n_notes, 1);
        MUST(store_runs(s, &(struct store_run_filter){.tag = hostile[i]}, &a, &(struct store_run_row *){NULL},
                        &changed, &err));
        assert_int_equal(changed, 1);
    }
    assert_int_equal(database_number("SELECT count(*) FROM run"), HOSTILE);
    for (size_t i = 0; i < HOSTILE; i++)
        MUST(store_tag_remove(s, &somebody, hostile[i], &err));
    assert_int_equal(database_number("SELECT count(*) FROM tag"), 0);
    arena_free(&a);
    book_end(s);
}

static void what_could_not_come_back_is_refused(void **state)
{
    (void)state;
    struct error err = {0};
    struct store *s = book_rows(1);
    char longest[2 * BOOK_NAME + 1], longer[BOOK_NAME + 2];
    for (size_t i = 0; i < BOOK_NAME; i++)
        memcpy(longest + 2 * i, "\xc3\xa9", 3);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    const char *bad[] = {"", " a", "a ", "a\n", "\xff\xfe", longer};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (struct error){0};
        assert_false(
            store_tag_add(s, &somebody, &(struct store_tag_edit){.name = bad[i], .colour = -1}, &err));
        assert_int_equal(err.code, ERROR_USAGE);
    }
    assert_int_equal(database_number("SELECT count(*) FROM tag"), 0);
    assert_int_equal(database_number("SELECT count(*) FROM audit"), 0);
    MUST(store_tag_add(s, &somebody, &(struct store_tag_edit){.name = longest, .colour = -1}, &err));
    assert_false(store_tag_add(s, &somebody, &(struct store_tag_edit){.name = longest, .colour = -1}, &err));
    int64_t run = 1;
    assert_false(store_run_comment(s, &somebody, &run, 1, "\xc3", NULL, &err));
    book_end(s);
}

static void each_change_leaves_one_row_of_the_audit_and_no_change_none(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_audit *audits;
    struct store *s = book_rows(3);
    int64_t ids[] = {1, 2, 3};
    size_t n, changed;
    MUST(store_run_ignore(s, &somebody, ids, 3, true, &changed, &err));
    assert_int_equal(changed, 3);
    MUST(store_run_ignore(s, &somebody, ids, 3, true, &changed, &err));
    assert_int_equal(changed, 0);
    MUST(store_run_comment(s, &somebody, ids, 1, "dark", &changed, &err));
    MUST(store_run_comment(s, &(struct store_by){"bo", STORE_VIA_WEB}, ids, 1, "light", &changed, &err));
    MUST(store_audits(s, NULL, 100, &a, &audits, &n, &err));
    assert_int_equal(n, 5);
    assert_string_equal(audits[0].who, "bo");
    assert_int_equal(audits[0].via, STORE_VIA_WEB);
    assert_string_equal(audits[0].was, "dark");
    assert_string_equal(audits[0].becomes, "light");
    MUST(store_audits(s, "run 2", 100, &a, &audits, &n, &err));
    assert_int_equal(n, 1);
    int64_t some[] = {1, 99};
    assert_false(store_run_ignore(s, &somebody, some, 2, false, &changed, &err));
    assert_int_equal(database_number("SELECT ignored FROM run WHERE id=1"), 1); /* all or nothing */
    assert_int_equal(database_number("SELECT count(*) FROM audit"), 5);
    arena_free(&a);
    book_end(s);
}

static void tags_are_edited_and_new_runs_get_automatic_ones(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_tag_row *tags;
    size_t n;
    struct store *s = book_rows(1);
    MUST(store_tag_add(
        s, &somebody,
        &(struct store_tag_edit){.name = "soak", .comment = "Ba, 5 min", .colour = 0xff8800, .automatic = 1},
        &err));
    struct store_seen late = {.path = "/data/late.h5",
                              .name = "late",
                              .facility = "standalone",
                              .why = "",
                              .num = -1,
                              .state = RUN_ONGOING,
                              .readable = true};
    MUST(store_see(s, &late, 1, &n, &err));
    MUST(store_tags(s, &a, &tags, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(tags->n_runs, 1);
    assert_int_equal(tags->colour, 0xff8800);
    MUST(store_tag_edit(s, &somebody, "soak",
                        &(struct store_tag_edit){.name = "soak 2", .colour = -2, .automatic = 0}, &err));
    MUST(store_tags(s, &a, &tags, &n, &err));
    assert_string_equal(tags->name, "soak 2");
    assert_string_equal(tags->comment, "Ba, 5 min");
    assert_int_equal(tags->colour, -1);
    assert_false(tags->automatic);
    assert_false(store_tag_edit(s, &somebody, "soak", &(struct store_tag_edit){.colour = -1}, &err));
    assert_false(store_tag_edit(s, &somebody, "soak 2", &(struct store_tag_edit){.colour = 1 << 24}, &err));
    arena_free(&a);
    book_end(s);
}

static void trials_have_numbers_and_one_recipe_each(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_trial_row *rows;
    size_t n, changed;
    struct store *s = book_rows(1);
    assert_int_equal(book_trial(s, 1), 1);
    assert_int_equal(book_trial(s, 2), 2);
    uint8_t hash[32] = {1};
    struct store_trial_new again = {.recipe_hash = hash, .phil = "x = 1\n", .percent = NAN, .d_min = NAN};
    assert_false(store_trial_add(s, &somebody, &again, NULL, &err));
    assert_non_null(strstr(err.fact, "trial 1"));
    int64_t none = 5;
    hash[0] = 3;
    again.rungroups = &none;
    again.n_rungroups = 1;
    assert_false(store_trial_add(s, &somebody, &again, NULL, &err));
    MUST(store_trials(s, &a, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_true(rows[1].percent == 10 && rows[1].d_min == 2.5 && !rows[1].used && rows[1].active);
    uint32_t two = 2;
    MUST(store_trial_active(s, &somebody, &two, 1, false, &changed, &err));
    MUST(store_trial_comment(s, &somebody, 2, "wide", &err));
    MUST(store_trials(s, &a, &rows, &n, &err));
    assert_false(rows[1].active);
    assert_string_equal(rows[1].comment, "wide");
    assert_string_equal(rows[1].phil, "x = 1\n");
    assert_false(store_trial_comment(s, &somebody, 7, "x", &err));
    arena_free(&a);
    book_end(s);
}

static void a_used_revision_of_a_task_stays_and_gets_a_successor(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_task_row *rows;
    size_t n;
    uint32_t rev = 0;
    struct store *s = book_rows(1);
    MUST(store_task_add(s, &somebody,
                        &(struct store_task_new){"scale", "d_min = 2\n", "mp.nproc = 4\n", TASK_SCALE}, NULL,
                        &err));
    assert_false(
        store_task_add(s, &somebody, &(struct store_task_new){"scale", "", "", TASK_SCALE}, NULL, &err));
    assert_false(
        store_task_add(s, &somebody, &(struct store_task_new){"i", "", "", TASK_INDEXING}, NULL, &err));
    MUST(store_task_revise(s, &somebody, &(struct store_task_new){.name = "scale", .phil = "d_min = 1.9\n"},
                           false, &rev, &err));
    assert_int_equal(rev, 1);
    MUST(store_dataset_add(s, &somebody,
                           &(struct store_dataset_edit){.name = "d",
                                                        .all = -1,
                                                        .active = -1,
                                                        .goal = -1,
                                                        .tasks = (const char *const[]){"scale"},
                                                        .n_tasks = 1},
                           &err));
    database_do("UPDATE task_rev SET used=1");
    MUST(store_task_revise(s, &somebody, &(struct store_task_new){.name = "scale", .phil = "d_min = 1.8\n"},
                           false, &rev, &err));
    assert_int_equal(rev, 2);
    MUST(store_tasks(s, &a, &rows, &n, &err));
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].phil, "d_min = 1.9\n");
    assert_string_equal(rows[1].resources, "mp.nproc = 4\n");
    assert_true(!rows[0].newest && rows[1].newest && rows[0].n_datasets == 1 && rows[1].n_datasets == 0);
    MUST(store_task_revise(s, &somebody, &(struct store_task_new){.name = "scale"}, true, &rev, &err));
    MUST(store_tasks(s, &a, &rows, &n, &err));
    assert_true(rows[0].n_datasets == 0 && rows[1].n_datasets == 1);
    arena_free(&a);
    book_end(s);
}

static void datasets_count_runs_in_union_and_intersection(void **state)
{
    (void)state;
    struct error err = {0};
    struct arena a = {0};
    struct store_dataset_row *rows;
    size_t n;
    struct store *s = book_rows(3);
    int64_t both[] = {1, 2}, one = 3;
    MUST(store_run_tag(s, &somebody, both, 2, "a", true, true, NULL, &err));
    MUST(store_run_tag(s, &somebody, both + 1, 1, "b", true, true, NULL, &err));
    MUST(store_run_tag(s, &somebody, &one, 1, "b", true, false, NULL, &err));
    MUST(store_task_add(s, &somebody, &(struct store_task_new){"scale", "", "", TASK_SCALE}, NULL, &err));
    MUST(store_task_add(s, &somebody, &(struct store_task_new){"merge", "", "", TASK_MERGE}, NULL, &err));
    const char *const tags[] = {"a", "b"}, *const tasks[] = {"scale", "merge:1"},
                      *const wrong[] = {"merge", "scale"};
    struct store_dataset_edit d = {.name = "light",
                                   .all = 0,
                                   .active = -1,
                                   .goal = 15000,
                                   .tags = tags,
                                   .n_tags = 2,
                                   .tasks = tasks,
                                   .n_tasks = 2};
    MUST(store_dataset_add(s, &somebody, &d, &err));
    assert_false(store_tag_remove(s, &somebody, "a", &err));
    MUST(store_datasets(s, &a, &rows, &n, &err));
    assert_int_equal(rows->n_runs, 3);
    assert_int_equal(rows->goal, 15000);
    assert_true(rows->active && rows->n_tasks == 2 && rows->tasks[1].kind == TASK_MERGE);
    struct store_dataset_edit all = {.all = 1, .active = 0, .goal = 0};
    MUST(store_dataset_edit(s, &somebody, "light", &all, &err));
    MUST(store_datasets(s, &a, &rows, &n, &err));
    assert_int_equal(rows->n_runs, 1);
    assert_true(!rows->active && rows->goal == 0 && rows->n_tasks == 2);
    struct store_dataset_edit bad = {.all = -1, .active = -1, .goal = -1, .tasks = wrong, .n_tasks = 2};
    assert_false(store_dataset_edit(s, &somebody, "light", &bad, &err));
    MUST(store_datasets(s, &a, &rows, &n, &err));
    assert_string_equal(rows->tasks[0].name, "scale"); /* nothing was changed */
    arena_free(&a);
    book_end(s);
}

static void lists_cost_the_same_number_of_statements_whatever_their_length(void **state)
{
    (void)state;
    struct error err = {0};
    uint64_t cost[2];
    for (size_t k = 0; k < 2; k++) {
        struct arena a = {0};
        struct store_run_row *rows;
        size_t n;
        struct store *s = book_rows(k ? 200 : 2);
        uint64_t before = s->sql.n_statements;
        MUST(store_runs(s, &(struct store_run_filter){0}, &a, &rows, &n, &err));
        cost[k] = s->sql.n_statements - before;
        arena_free(&a);
        book_end(s);
    }
    assert_int_equal(cost[0], cost[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_read_sorted_and_joined),
        cmocka_unit_test(runs_are_found_by_number_row_and_name),
        cmocka_unit_test(a_run_has_those_beside_it),
        cmocka_unit_test(hostile_tags_and_comments_come_back_as_they_were),
        cmocka_unit_test(what_could_not_come_back_is_refused),
        cmocka_unit_test(each_change_leaves_one_row_of_the_audit_and_no_change_none),
        cmocka_unit_test(tags_are_edited_and_new_runs_get_automatic_ones),
        cmocka_unit_test(trials_have_numbers_and_one_recipe_each),
        cmocka_unit_test(a_used_revision_of_a_task_stays_and_gets_a_successor),
        cmocka_unit_test(datasets_count_runs_in_union_and_intersection),
        cmocka_unit_test(lists_cost_the_same_number_of_statements_whatever_their_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
