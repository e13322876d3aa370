/* owner_test.c - who lives and who is dead, and of whom nothing can be told. */
#include "base/owner.h"

#include "support.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static void a_process_is_alive_until_it_ends(void **state)
{
    (void)state;
    char owner[OWNER];
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    owner_of(pid, owner);
    assert_true(owner_is_alive(owner));
    assert_false(owner_is_dead(owner));
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT); /* dead, not buried */
    assert_false(owner_is_alive(owner));
    assert_true(owner_is_dead(owner));
    waitpid(pid, NULL, 0);
    assert_true(owner_is_dead(owner));
}

static void of_other_machines_and_namespaces_nothing_is_told(void **state)
{
    (void)state;
    const char *const others[] = {"", "x", "another-boot 1 1 host", "another-boot 99999999 5 host"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(owner_is_dead(others[i]));
        assert_false(owner_is_alive(others[i]));
    }
}

static void an_earlier_start_of_this_machine_is_known_by_its_name(void **state)
{
    (void)state;
    char now[OWNER], host[65] = "", owner[OWNER];
    gethostname(host, sizeof host - 1);
    owner_of(getpid(), now);
    assert_false(owner_is_of_earlier_start(now));
    snprintf(owner, sizeof owner, "01234567-89ab-cdef-0123-456789abcdef-4026531836 17 5 %s", host);
    assert_true(owner_is_of_earlier_start(owner));
    assert_false(owner_is_dead(owner)); /* in a database, another machine may have the same name */
    snprintf(owner, sizeof owner, "01234567-89ab-cdef-0123-456789abcdef-4026531836 17 5 not%s", host);
    assert_false(owner_is_of_earlier_start(owner));
    assert_false(owner_is_of_earlier_start(""));
    assert_false(owner_is_of_earlier_start("unknown- 17 5 host"));
}

static void another_process_of_the_same_number_is_not_the_owner(void **state)
{
    (void)state;
    char owner[OWNER], where[128];
    owner_of(getpid(), owner);
    assert_int_equal(sscanf(owner, "%127s", where), 1);
    snprintf(owner, sizeof owner, "%s %ld 1 host", where, (long)getpid());
    assert_true(owner_is_dead(owner));
}

static void owners_are_shown_in_words(void **state)
{
    (void)state;
    char out[OWNER];
    assert_string_equal(owner_shown("boot 17 5 login7", out), "process 17 on login7");
    assert_string_equal(owner_shown("", out), "nobody");
    assert_string_equal(owner_shown("somebody", out), "somebody");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_alive_until_it_ends),
        cmocka_unit_test(of_other_machines_and_namespaces_nothing_is_told),
        cmocka_unit_test(an_earlier_start_of_this_machine_is_known_by_its_name),
        cmocka_unit_test(another_process_of_the_same_number_is_not_the_owner),
        cmocka_unit_test(owners_are_shown_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
