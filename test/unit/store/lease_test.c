/* lease_test.c - one holds a lease; a dead holder of this machine is not waited for. */
#include "campaign_rows.h"

#include <signal.h>
#include <sys/wait.h>

static struct store_lease ask(const char *owner, double seconds)
{
    struct error err = {0};
    struct store_lease out;
    if (!store_lease(store, "watch", owner, seconds, &out, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return out;
}

static void one_holds_it_until_it_ends(void **state)
{
    (void)state;
    struct error err = {0};
    struct store_lease a = ask("elsewhere 1 1 hostA", 60), b = ask("elsewhere 2 1 hostB", 60);
    assert_true(a.held);
    assert_false(b.held);
    assert_string_equal(b.owner, "elsewhere 1 1 hostA");
    struct store_lease again = ask("elsewhere 1 1 hostA", 120);
    assert_true(again.held && again.token == a.token && again.expires_t > a.expires_t);
    assert_true(store_lease_end(store, "watch", "elsewhere 2 1 hostB", &err)); /* not his: stays */
    assert_false(ask("elsewhere 2 1 hostB", 60).held);
    assert_true(store_lease_end(store, "watch", "elsewhere 1 1 hostA", &err));
    b = ask("elsewhere 2 1 hostB", 60);
    assert_true(b.held && b.token > a.token);
    database_do("UPDATE lease SET expires=1");
    a = ask("elsewhere 1 1 hostA", 60);
    assert_true(a.held && a.token > b.token);
}

static void a_dead_owner_of_this_machine_is_not_waited_for(void **state)
{
    (void)state;
    char mine[OWNER], his[OWNER] = "";
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        owner_of(getpid(), his);
        if (write(ends[1], his, sizeof his) != (ssize_t)sizeof his)
            _exit(1);
        pause();
    }
    assert_int_equal(read(ends[0], his, sizeof his), sizeof his);
    owner_of(getpid(), mine);
    assert_string_not_equal(mine, his);
    assert_true(ask(his, 1000).held);
    assert_false(ask(mine, 60).held);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(ask(mine, 60).held);
    close(ends[0]);
    close(ends[1]);
}

static void of_many_that_ask_at_once_one_gets_it(void **state)
{
    (void)state;
    enum { PROGRAMS = 20 };
    pid_t children[PROGRAMS];
    int held = 0;
    ask("elsewhere 1 1 gone", 60);
    database_do("UPDATE lease SET expires=1");
    for (int i = 0; i < PROGRAMS; i++)
        if ((children[i] = fork()) == 0) {
            struct store *mine = NULL;
            struct error err = {0};
            struct store_lease out = {0};
            char owner[64];
            snprintf(owner, sizeof owner, "elsewhere %d 1 host", 100 + i);
            bool ok = database_open(false, &mine, &err) && store_lease(mine, "watch", owner, 60, &out, &err);
            if (!ok)
                fprintf(stderr, "%s: %s\n", err.fact, err.detail);
            _exit(!ok ? 3 : out.held ? 1 : 2);
        }
    for (int i = 0; i < PROGRAMS; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 3);
        held += WEXITSTATUS(status) == 1;
    }
    assert_int_equal(held, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, campaign_make, campaign_drop)
    const struct CMUnitTest tests[] = {
        TEST(one_holds_it_until_it_ends),
        TEST(a_dead_owner_of_this_machine_is_not_waited_for),
        TEST(of_many_that_ask_at_once_one_gets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
