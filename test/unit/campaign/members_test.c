/* members_test.c - which runs belong where. */
#include "campaign/members.h"

#include "../../support.h"

static const struct campaign_run runs[] = {
    {.id = 4, .ord = 12}, {.id = 1, .ord = 10}, {.id = 3, .ord = 11}, {.id = 2, .ord = 20}};
static const struct campaign_exception exceptions[] = {{1, 2, true}, {1, 3, false}, {2, 2, false}};
static const struct campaign_run_tag run_tags[] = {{1, 7}, {2, 7}, {2, 8}};
static const struct campaign_dataset_tag dataset_tags[] = {{5, 7}, {5, 8}};
static const struct snapshot campaign = {.runs = runs,
                                         .n_runs = 4,
                                         .exceptions = exceptions,
                                         .n_exceptions = 3,
                                         .run_tags = run_tags,
                                         .n_run_tags = 3,
                                         .dataset_tags = dataset_tags,
                                         .n_dataset_tags = 2};

static void ids_are(const struct campaign_rungroup *g, const int64_t *ids, size_t n_ids)
{
    struct arena a = {0};
    struct members m;
    size_t n;
    members_make(&campaign, &a, &m);
    const struct campaign_run **found = members_of_rungroup(&m, g, &a, &n);
    assert_int_equal(n, n_ids);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(found[i]->id, ids[i]);
        assert_true(members_rungroup_has(&m, g, found[i]));
    }
    arena_free(&a);
}

static void a_closed_rungroup_ends_with_its_last_run(void **state)
{
    (void)state;
    ids_are(&(struct campaign_rungroup){.id = 9, .first_ord = 11, .last_ord = 12}, (int64_t[]){3, 4}, 2);
    ids_are(&(struct campaign_rungroup){.id = 9, .first_ord = 13, .last_ord = 12}, NULL, 0);
    ids_are(&(struct campaign_rungroup){.id = 9, .first_ord = 0, .last_ord = INT64_MAX},
            (int64_t[]){1, 3, 4, 2}, 4);
}

static void an_open_rungroup_has_every_later_run_but_excluded_ones(void **state)
{
    (void)state;
    ids_are(&(struct campaign_rungroup){.id = 9, .first_ord = 11, .open = true}, (int64_t[]){3, 4, 2}, 3);
    ids_are(&(struct campaign_rungroup){.id = 2, .first_ord = 11, .open = true}, (int64_t[]){3, 4}, 2);
}

static void included_runs_belong_whatever_their_number(void **state)
{
    (void)state;
    ids_are(&(struct campaign_rungroup){.id = 1, .first_ord = 10, .last_ord = 12}, (int64_t[]){1, 4, 2}, 3);
}

static void a_dataset_has_runs_with_any_or_with_all_of_its_tags(void **state)
{
    (void)state;
    struct arena a = {0};
    struct members m;
    members_make(&campaign, &a, &m);
    const struct campaign_dataset any = {.id = 5}, all = {.id = 5, .all = true},
                                  none = {.id = 6, .all = true};
    assert_true(members_dataset_has(&m, &any, 1));
    assert_false(members_dataset_has(&m, &all, 1));
    assert_true(members_dataset_has(&m, &all, 2));
    assert_false(members_dataset_has(&m, &any, 3));
    assert_false(members_dataset_has(&m, &none, 1));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_rungroup_ends_with_its_last_run),
        cmocka_unit_test(an_open_rungroup_has_every_later_run_but_excluded_ones),
        cmocka_unit_test(included_runs_belong_whatever_their_number),
        cmocka_unit_test(a_dataset_has_runs_with_any_or_with_all_of_its_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
