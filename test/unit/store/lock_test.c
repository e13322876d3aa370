/* lock_test.c - one process at a time works on a job; its lock goes with it, however it ends. */
#include "database.h"

#include "store/store_private.h"

#include <signal.h>
#include <sys/wait.h>

static struct store *open_store(void)
{
    struct store *s = NULL;
    struct error err = {0};
    if (!database_open(false, &s, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return s;
}

static bool take(struct store *s, int64_t job, struct error *err)
{
    bool elsewhere = false;
    return store_lock(s, job, &elsewhere, err);
}

static void the_lock_of_a_killed_process_is_free_at_once(void **state)
{
    (void)state;
    struct error err = {0};
    int ready[2];
    char byte;
    database_place();
    store_close(open_store());
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store *s = open_store();
        byte = take(s, 7, &err) ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    struct store *s = open_store();
    assert_true(store_is_alive(s, 7));
    assert_false(store_is_alive(s, 8)); /* another job of the same database */
    assert_false(take(s, 7, &err));
    assert_int_equal(err.code, ERROR_BUSY);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 500 && store_is_alive(s, 7); i++) /* a server sees it a moment later */
        usleep(10000);
    assert_false(store_is_alive(s, 7));
    store_close(s);
    s = open_store();
    assert_true(take(s, 7, &err));
    store_close(s);
    close(ready[0]);
    close(ready[1]);
    database_drop();
}

static void of_many_at_once_one_gets_it(void **state)
{
    (void)state;
    enum { PROCESSES = 12 };
    pid_t children[PROCESSES];
    int won = 0, go[2], status;
    database_place();
    store_close(open_store());
    assert_int_equal(pipe(go), 0);
    for (int i = 0; i < PROCESSES; i++)
        if ((children[i] = fork()) == 0) {
            struct store *s = open_store();
            struct error err = {0};
            char byte;
            bool mine = take(s, 3, &err);
            close(go[1]);
            if (mine && read(go[0], &byte, 1) != 0) /* keep it until all have tried */
                _exit(3);
            _exit(mine ? 0 : err.code == ERROR_BUSY ? 1 : 2);
        }
    for (int i = 0; i < PROCESSES - 1; i++) { /* all but the winner end by themselves */
        assert_true(wait(&status) > 0);
        assert_int_equal(WEXITSTATUS(status), 1);
    }
    close(go[1]);
    assert_true(wait(&status) > 0);
    won += WEXITSTATUS(status) == 0;
    assert_int_equal(won, 1);
    close(go[0]);
    database_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lock_of_a_killed_process_is_free_at_once),
        cmocka_unit_test(of_many_at_once_one_gets_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
