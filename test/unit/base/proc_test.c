/* proc_test.c - this process and its helpers. */
#include "base/proc.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

/* A file with one line. */
static void write_line(const char *path, const char *line)
{
    FILE *f = fopen(path, "w");
    fprintf(f, "%s\n", line);
    fclose(f);
}

static char line_path[] = "/tmp/xfelx_proc_XXXXXX";

static int live_on(int fd, void *arg)
{
    if (write(fd, "", 1) != 1)
        return 1;
    bool alone = getppid() != *(pid_t *)arg && isatty(0) == 0 && fcntl(5, F_GETFD) < 0;
    write_line(line_path, alone ? "alone" : "not alone");
    return 0;
}

static int give_up(int fd, void *arg)
{
    (void)fd;
    (void)arg;
    return 0;
}

static void a_detached_process_lives_on_by_itself(void **state)
{
    (void)state;
    struct error err = {0};
    char line[32] = "";
    pid_t parent = getpid();
    close(mkstemp(line_path));
    assert_true(proc_detach(live_on, &parent, &err));
    for (int i = 0; i < 200 && !*line; i++) {
        FILE *f = fopen(line_path, "r");
        if (!f || !fgets(line, sizeof line, f))
            usleep(10000);
        if (f)
            fclose(f);
    }
    assert_string_equal(line, "alone\n");
    unlink(line_path);
    assert_false(proc_detach(give_up, NULL, &err));
}

static void a_started_program_writes_to_its_file_and_tells_how_it_ended(void **state)
{
    (void)state;
    const char *const argv[] = {"/bin/sh", "-c", "echo $WORD; kill -15 $$", NULL}, *const set[] = {
                                                                                       "WORD=hello", NULL};
    struct error err = {0};
    char line[32] = "", path[] = "/tmp/xfelx_proc_XXXXXX";
    int signal;
    pid_t pid;
    close(mkstemp(path));
    assert_true(proc_start(argv, "/", path, set, &pid, &err));
    assert_int_equal(proc_wait(pid, &signal), -1);
    assert_int_equal(signal, 15);
    FILE *f = fopen(path, "r");
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_string_equal(line, "hello\n");
    unlink(path);
    assert_false(proc_start((const char *const[]){"/no/such", NULL}, "/", path, set, &pid, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_cpus_than_the_affinity_are_counted),
        cmocka_unit_test(the_machine_has_a_name),
        cmocka_unit_test(a_helper_answers_and_ends_with_its_value),
        cmocka_unit_test(a_detached_process_lives_on_by_itself),
        cmocka_unit_test(a_started_program_writes_to_its_file_and_tells_how_it_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
