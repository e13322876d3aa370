/* fetch_test.c - files that are elsewhere: who fetches, and when. */
#include "campaign.h"

#include <unistd.h>

static void make(const char *policy)
{
    struct error err = {0};
    campaign_make();
    char *text = arena_printf(here.cycle.arena, "transfer.policy = %s\n", policy);
    assert_true(params_merge_text((struct params *)(uintptr_t)here.cycle.params, "test", text, &err));
    here.cycle.program = "/bin/true";
    campaign_file("run_0012.h5", "abc");
    campaign_observe();
    database_do("UPDATE run SET state=2,n_files=2,n_here=1");
}

static bool fetch(size_t *missing)
{
    bool begun = false;
    struct error err = {0};
    if (!cycle_fetch(&here.cycle, missing, &begun, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return begun;
}

static void nothing_is_fetched_that_nobody_asked_for(void **state)
{
    (void)state;
    size_t missing = 1;
    make("off");
    assert_false(fetch(&missing));
    assert_int_equal(missing, 0);
    campaign_drop();
}

static void one_process_fetches_what_is_missing(void **state)
{
    (void)state;
    size_t missing = 0;
    struct error err = {0};
    struct store_lease lease;
    make("auto");
    assert_true(fetch(&missing));
    assert_int_equal(missing, 1);
    char owner[OWNER];
    owner_of(getppid(), owner);
    assert_true(store_lease(here.cycle.store, "fetch", owner, 600, &lease, &err));
    assert_false(fetch(&missing)); /* another one is at it */
    assert_int_equal(missing, 1);
    assert_true(store_lease_end(here.cycle.store, "fetch", owner, &err));
    database_do("UPDATE run SET ignored=1");
    assert_false(fetch(&missing));
    assert_int_equal(missing, 0);
    campaign_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_fetched_that_nobody_asked_for),
        cmocka_unit_test(one_process_fetches_what_is_missing),
    };
    return cmocka_run_group_tests_name("cycle/fetch", tests, NULL, NULL);
}
