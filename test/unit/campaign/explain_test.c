/* explain_test.c - the plan in words. */
#include "campaign/explain.h"

#include "../../support.h"

#include <string.h>

static const int64_t second = 1000000000;
static const int64_t now = INT64_C(1764082812) * 1000000000; /* 2025-11-25 15:00:12 */

static void says(struct action x, const char *expected)
{
    static const struct campaign_dataset datasets[] = {{.id = 3, .name = "dark"}};
    const struct snapshot s = {.now = now, .datasets = datasets, .n_datasets = 1};
    struct str out = {0};
    x.key.run = x.dataset == 0;
    explain_reason(&s, &x, &out);
    assert_string_equal(out.text, expected);
    str_free(&out);
}

static void reasons_have_their_numbers_and_times(void **state)
{
    (void)state;
    says((struct action){.reason = WHY_DONE, .no = 2, .n = 95, .of = 95},
         "done in attempt 2 (95 of 95 frames)");
    says((struct action){.reason = WHY_LIVE, .no = 3, .text = "running", .t = now - 3600 * second},
         "attempt 3 is running, since 14:00");
    says((struct action){.reason = WHY_LATER, .n = 1, .text = "signal", .t = now + 86400 * second},
         "next try at 2025-11-26 15:00 (signal, try 2)");
    says((struct action){.reason = WHY_CANCELLED, .text = "ada", .t = now},
         "cancelled by ada, 15:00; `xfelx job retry` starts it again");
    says((struct action){.reason = WHY_TRANSFERRING, .n = 2, .of = 5}, "2 of 5 files here");
    says((struct action){.reason = WHY_QUIET, .dataset = 3, .t = now + 180 * second},
         "merge of dark waits until no run is new (180 s to go)");
    says((struct action){.reason = WHY_QUIET, .dataset = 3, .n = 1, .of = 4},
         "merge of dark waits for new runs (1 of 4)");
    says((struct action){.reason = WHY_MANY, .n = 212}, "would start 212 new jobs: `--yes`");
    says((struct action){.reason = WHY_RESUME, .no = 1, .text = "node"}, "attempt 2 after: node");
}

static void every_reason_is_a_sentence(void **state)
{
    (void)state;
    for (int reason = 1; reason < WHY_END; reason++) {
        const struct snapshot s = {.now = now};
        const struct action x = {.reason = (enum action_reason)reason, .text = "text"};
        struct str out = {0};
        explain_reason(&s, &x, &out);
        assert_true(out.len > 5);
        str_free(&out);
    }
}

static void names_from_outside_are_shown_harmlessly(void **state)
{
    (void)state;
    says((struct action){.reason = WHY_BAD_INPUT, .text = "a\033[2Jb\n"},
         "mask, geometry, reference or frame cannot be opened: a\\x1b[2Jb\\x0a");
}

static void a_plan_is_a_line_an_identity_and_a_run_has_its_own(void **state)
{
    (void)state;
    const struct campaign_run runs[] = {{.id = 1, .name = "12"}, {.id = 2, .name = "13"}};
    const struct campaign_trial trials[] = {{.id = 9, .num = 4}};
    const struct snapshot s = {.now = now, .runs = runs, .n_runs = 2, .trials = trials, .n_trials = 1};
    const struct action actions[] = {
        {.kind = ACTION_SUBMIT, .reason = WHY_NEW_RUN, .key = {.run = 2, .trial = 9, .rungroup = 5}},
        {.kind = ACTION_WAIT, .reason = WHY_ONGOING, .key = {.run = 1, .trial = 9, .rungroup = 5}},
        {.kind = ACTION_NONE, .reason = WHY_NOT_IN_RUNGROUP, .key = {.run = 2, .trial = 9, .rungroup = 6}}};
    struct str out = {0};
    explain_plan(&s, actions, 3, 0, &out);
    assert_string_equal(out.text,
                        "run 13, trial 4, rungroup 5: submit new_run: the run is new\n"
                        "run 12, trial 4, rungroup 5: wait ongoing: the run is being taken\n"
                        "run 13, trial 4, rungroup 6: not_in_rungroup: the run is outside the rungroup\n");
    str_clear(&out);
    explain_plan(&s, actions, 2, 1, &out);
    assert_string_equal(out.text, "run 12, trial 4, rungroup 5: wait ongoing: the run is being taken\n");
    str_clear(&out);
    explain_plan(&s, actions, 0, 1, &out);
    assert_true(strstr(out.text, "group add") != NULL);
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_have_their_numbers_and_times),
        cmocka_unit_test(every_reason_is_a_sentence),
        cmocka_unit_test(names_from_outside_are_shown_harmlessly),
        cmocka_unit_test(a_plan_is_a_line_an_identity_and_a_run_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
