/* proc_test.c - this process and its helpers. */
#include "base/proc.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void no_more_cpus_than_the_affinity_are_counted(void **state)
{
    (void)state;
    cpu_set_t kept, one;
    assert_int_equal(sched_getaffinity(0, sizeof kept, &kept), 0);
    int cpus = proc_cpus();
    assert_in_range(cpus, 1, CPU_COUNT(&kept));
    size_t first = 0;
    while (!CPU_ISSET(first, &kept))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(proc_cpus(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof kept, &kept), 0);
}

static void the_machine_has_a_name(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_true(strlen(proc_host(&a)) > 0);
    arena_free(&a);
}

/* Answers each message with its bytes turned round, until the socket closes; ends with *arg. */
static int turn_round(int fd, void *arg)
{
    char text[64], back[64];
    ssize_t n;
    while ((n = read(fd, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            back[i] = text[n - 1 - i];
        if (write(fd, back, (size_t)n) != n)
            return 1;
    }
    return *(int *)arg;
}

static void a_helper_answers_and_ends_with_its_value(void **state)
{
    (void)state;
    struct error err = {0};
    pid_t pid;
    int fd, value = 7, status;
    char answer[64];
    assert_true(proc_fork_helper(turn_round, &value, &pid, &fd, &err));
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(read(fd, answer, sizeof answer), 3);
    assert_memory_equal(answer, "cba", 3);
    close(fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_cpus_than_the_affinity_are_counted),
        cmocka_unit_test(the_machine_has_a_name),
        cmocka_unit_test(a_helper_answers_and_ends_with_its_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
