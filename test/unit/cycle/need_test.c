/* need_test.c - what a job asks of the scheduler. */
#include "cycle/need.h"

#include "support.h"

#include <string.h>

static struct batch_script need(struct arena *a, const char *text, int kind)
{
    struct params *p = params_make(a);
    struct batch_script s = {0};
    struct error err = {0};
    if (!params_merge_text(p, "test", text, &err) || !need_read(p, kind, a, &s, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return s;
}

static void one_rank_a_node_takes_the_cores_of_all_processes(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_script s =
        need(&a, "mp.nnodes = 2\nmp.nproc_per_node = 32\nmp.method = slurm\n", TASK_INDEXING);
    assert_int_equal(s.need.nodes, 2);
    assert_int_equal(s.need.tasks, 2);
    assert_int_equal(s.need.cpus, 32);
    s = need(&a, "mp.nproc = 8\nmp.method = slurm\n", TASK_INDEXING);
    assert_int_equal(s.need.tasks, 1);
    assert_int_equal(s.need.cpus, 8);
    s = need(&a, "mp.nproc = 8\nmp.threads = 2\nmp.method = slurm\n", TASK_INDEXING);
    assert_int_equal(s.need.tasks, 8);
    assert_int_equal(s.need.cpus, 2);
    assert_null(s.need.pe);
    arena_free(&a);
}

static void tasks_have_nodes_of_their_own(void **state)
{
    (void)state;
    struct arena a = {0};
    static const char text[] = "mp.nnodes = 2\nmp.nnodes_index = 4\nmp.nnodes_merge = 3\nmp.wall_time = "
                               "5\nmp.method = sge\nmp.nproc = 4\n";
    assert_int_equal(need(&a, text, TASK_INDEXING).need.nodes, 4);
    assert_int_equal(need(&a, text, TASK_MERGE).need.nodes, 3);
    assert_int_equal(need(&a, text, TASK_SCRIPT).need.nodes, 2);
    assert_int_equal(need(&a, text, TASK_PHENIX).need.nodes, 1);
    assert_int_equal(need(&a, text, TASK_SCRIPT).need.seconds, 300);
    assert_string_equal(need(&a, text, TASK_SCRIPT).need.pe, "mpi");
    assert_null(need(&a, "mp.method = sge\n", TASK_SCRIPT).need.pe); /* one slot needs none */
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rank_a_node_takes_the_cores_of_all_processes),
        cmocka_unit_test(tasks_have_nodes_of_their_own),
    };
    return cmocka_run_group_tests_name("cycle/need", tests, NULL, NULL);
}
