/* launch_test.c - each launcher's environment is known for what it is; what MPI_Init needs is seen before it. (The refusals of a
 * whole program: test/faults/ranks.) */
#include "parallel/launch.h"

#include "support.h"

#include <string.h>

static const char *const variables[] = {"PMI_FD",
                                        "PMI_PORT",
                                        "PMI_SIZE",
                                        "PMI_RANK",
                                        "MPI_LOCALNRANKS",
                                        "SLURM_STEP_NUM_NODES",
                                        "SLURM_STEP_NUM_TASKS",
                                        "SLURM_NTASKS",
                                        "OMPI_COMM_WORLD_SIZE",
                                        "PMIX_RANK",
                                        "PMIX_SERVER_URI41",
                                        "PALS_RANKID",
                                        "PALS_SIZE",
                                        "ALPS_APP_PE",
                                        "PMI_CONTROL_PORT",
                                        "FLUX_JOB_SIZE",
                                        "JSM_NAMESPACE_SIZE"};

static void clear(void)
{
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
}

/* "NAME=VALUE NAME=VALUE" */
static bool detect(const char *environment, struct launch *out, struct error *err)
{
    char text[256], *save = NULL;
    clear();
    snprintf(text, sizeof text, "%s", environment);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        *value++ = 0;
        setenv(word, value, 1);
    }
    bool ok = launch_detect(out, err);
    clear();
    return ok;
}

static void nothing_and_batch_jobs_are_alone(void **state)
{
    (void)state;
    static const char *const alone[] = {"",
                                        "SLURM_NTASKS=4",
                                        "SLURM_STEP_NUM_TASKS=1 PMIX_RANK=0",
                                        "OMPI_COMM_WORLD_SIZE=1 PMIX_RANK=0",
                                        "PMI_FD=977 PMI_SIZE=1",
                                        "PALS_RANKID=0 PALS_SIZE=1"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) {
        struct error err = {0};
        struct launch l;
        if (!detect(alone[i], &l, &err))
            fail_msg("%s: %s", alone[i], err.fact);
        assert_false(l.mpi);
        assert_int_equal(l.size, 1);
        assert_int_equal(l.rank, 0);
    }
}

static void a_launcher_that_speaks_pmi_is_followed(void **state)
{
    (void)state;
    struct error err = {0};
    struct launch l;
    /* fd 0 is open; Open MPI around it does not matter */
    assert_true(detect("PMI_FD=0 PMI_SIZE=4 PMI_RANK=3 MPI_LOCALNRANKS=4 PMIX_RANK=1", &l, &err));
    assert_true(l.mpi && l.one_node);
    assert_int_equal(l.rank, 3);
    assert_int_equal(l.size, 4);
    assert_true(detect("PMI_FD=0 PMI_SIZE=4 PMI_RANK=3 MPI_LOCALNRANKS=2", &l, &err));
    assert_true(l.mpi && !l.one_node);
    assert_true(
        detect("PMI_FD=0 PMI_SIZE=2 PMI_RANK=1 SLURM_STEP_NUM_NODES=1 SLURM_STEP_NUM_TASKS=2", &l, &err));
    assert_true(l.mpi && l.one_node);
    assert_true(detect("PMI_PORT=node:1234 PMI_SIZE=2", &l, &err));
    assert_true(l.mpi);
}

static void launchers_that_cannot_wire_us_are_refused_with_help(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"OMPI_COMM_WORLD_SIZE=2 PMIX_RANK=0", "Open MPI"},
        {"PMIX_RANK=0", "PMIx"},
        {"PMIX_SERVER_URI41=x", "PMIx"},
        {"SLURM_STEP_NUM_TASKS=2", "srun"},
        {"SLURM_STEP_NUM_TASKS=2 PMIX_RANK=1", "srun"},
        {"PALS_RANKID=0", "PALS"},
        {"ALPS_APP_PE=1", "aprun"},
        {"PMI_CONTROL_PORT=20319", "Cray"},
        {"FLUX_JOB_SIZE=2", "flux"},
        {"JSM_NAMESPACE_SIZE=2", "jsrun"},
        {"PMI_FD=977 PMI_SIZE=2", "PMI_FD"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error err = {0};
        struct launch l;
        assert_false(detect(rows[i][0], &l, &err));
        assert_int_equal(err.code, ERROR_USAGE);
        if (!strstr(err.fact, rows[i][1]) || !*err.hint)
            fail_msg("%s: %s / %s", rows[i][0], err.fact, err.hint);
    }
}

static void on_one_node_the_loop_is_used_and_no_name_looked_up(void **state)
{
    (void)state;
    char out[64];
    struct launch l = {.mpi = true, .size = 2, .one_node = true};
    assert_string_equal(launch_address(&l, "no-such-host.invalid", "/nowhere", out), "127.0.0.1");
}

static void over_nodes_a_name_without_address_is_replaced_by_the_default_route(void **state)
{
    (void)state;
    char out[64], folder[64], path[96];
    struct launch l = {.mpi = true, .size = 2};
    assert_null(launch_address(&l, "127.0.0.1", "/nowhere", out)); /* it resolves: nothing to do */
    assert_null(launch_address(&l, "no-such-host.invalid", "/nowhere", out));
    support_folder(folder);
    snprintf(path, sizeof path, "%s/route", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("Iface\tDestination\tGateway\neth9\t0010A8C0\t00000000\nlo\t00000000\t0100A8C0\n", f);
    fclose(f);
    const char *found = launch_address(&l, "no-such-host.invalid", path, out);
    if (found) /* a network namespace may have no loop */
        assert_string_equal(found, "127.0.0.1");
    support_remove(folder);
}

static void without_a_place_for_shared_memory_ranks_use_tcp(void **state)
{
    (void)state;
    assert_true(launch_no_shm("/nowhere", "/nowhere"));
    assert_false(launch_no_shm("/nowhere", "/tmp"));
    if (access("/sys", W_OK) == 0)
        assert_true(launch_no_shm("/sys", "/tmp")); /* a file system without room */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_and_batch_jobs_are_alone),
        cmocka_unit_test(a_launcher_that_speaks_pmi_is_followed),
        cmocka_unit_test(launchers_that_cannot_wire_us_are_refused_with_help),
        cmocka_unit_test(on_one_node_the_loop_is_used_and_no_name_looked_up),
        cmocka_unit_test(over_nodes_a_name_without_address_is_replaced_by_the_default_route),
        cmocka_unit_test(without_a_place_for_shared_memory_ranks_use_tcp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
