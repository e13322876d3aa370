/* farm_mpi_test.c - ranks over MPI, under the mpiexec of $TEST_MPIEXEC. Started with an argument this program is a rank itself. */
#include "parallel/farm.h"

#include "support.h"

#include <string.h>

/* Rank 0 shares a long text, gets a message of each rank, and answers it; all end with its code. */
static int talk(struct farm *f, struct error *err)
{
    enum { LONG = 3 << 20 };
    struct str text = {0};
    struct message m;
    uint32_t heard = 0, sum = 0, wanted = farm_rank(f) == 0 ? farm_ranks(f) - 1 : 1;
    long rest = 0;
    for (int i = 0; farm_rank(f) == 0 && i < LONG; i++)
        str_addc(&text, (char)('a' + i % 26));
    if (!farm_share(f, &text, err) || text.len != LONG || text.text[LONG - 1] != 'a' + (LONG - 1) % 26)
        return 3;
    str_addn(farm_message(f), text.text,
             (size_t)farm_rank(f) << 19); /* up to what MPI does not send at once */
    if (farm_rank(f) > 0 && !farm_send(f, 0, MESSAGE_ROWS, err))
        return 4;
    while (heard < wanted) {
        int got = farm_receive(f, &m, err);
        if (got < 0)
            return 5;
        heard += got > 0;
        sum += got > 0 ? (uint32_t)(m.size >> 19) : 0;
        if (got > 0 && farm_rank(f) == 0) {
            wire_u32(farm_message(f), m.from);
            if (!farm_send(f, m.from, MESSAGE_APPLIED, err))
                return 6;
        }
        farm_rest(f, got > 0, &rest);
    }
    if (farm_rank(f) == 0)
        printf("%u ranks, %u, %d threads\n", farm_ranks(f), sum, farm_threads(f));
    fflush(stdout);
    str_free(&text);
    return farm_end(f, farm_rank(f) == 0 ? 0 : 7);
}

static int be_a_rank(const char *how)
{
    struct error err = {0};
    struct launch l;
    struct farm *f = NULL;
    char program[32] = "xfelx";
    int code = 2;
    if (!launch_detect(&l, &err))
        return 2;
    if (strcmp(how, "mixed") == 0 && l.rank == 1)
        strcat(program, " newer");
    if (farm_open(&l, program, &f, &err))
        code = talk(f, &err);
    else if (l.rank == 0)
        printf("%s\n", err.fact);
    farm_close(f, code);
    return code;
}

static char own_path[4096];

/* First line of what three ranks say, and the launcher's code. */
static int run(const char *how, char line[256])
{
    char command[8400];
    const char *mpiexec = getenv("TEST_MPIEXEC");
    if (!mpiexec) {
        print_message("needs TEST_MPIEXEC, the vendored mpiexec.hydra\n");
        skip();
    }
    /* The sanitizers' build has the system's MPI, whose plug-ins leak in places that no suppression can name:
     * they are unloaded by then. */
    snprintf(command, sizeof command, "ASAN_OPTIONS=\"$ASAN_OPTIONS:detect_leaks=0\" %s -n 3 %s %s 2>&1",
             mpiexec, own_path, how);
    FILE *p = popen(command, "r");
    assert_non_null(p);
    if (!fgets(line, 256, p))
        line[0] = 0;
    char rest[256];
    while (fgets(rest, sizeof rest, p))
        ;
    return pclose(p);
}

static void ranks_share_and_talk_and_end_together(void **state)
{
    (void)state;
    char line[256], wanted[64];
    int threads = proc_cpus() / 3;
    assert_int_equal(run("rank", line), 0);
    snprintf(wanted, sizeof wanted, "3 ranks, 3, %d threads\n", threads > 1 ? threads : 1);
    assert_string_equal(line, wanted);
}

static void another_program_among_the_ranks_is_refused_in_one_line(void **state)
{
    (void)state;
    char line[256];
    assert_int_not_equal(run("mixed", line), 0);
    assert_non_null(strstr(line, "rank 1"));
    assert_non_null(strstr(line, "another version"));
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return be_a_rank(argv[1]);
    if (!realpath(argv[0], own_path))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_share_and_talk_and_end_together),
        cmocka_unit_test(another_program_among_the_ranks_is_refused_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
