/* need_test.c - what a job asks of the scheduler. */
#include "cycle/need.h"

#include "support.h"

#include <string.h>

static struct batch_script need(struct arena *a, const char *text, int kind)
{
    struct params *p = params_make(a);
    struct batch_script s = {0};
    struct error err = {0};
    if (!params_merge_text(p, "test", text, &err))
        fail_msg("%s %s", err.fact, err.detail);
    need_read(p, kind, a, &s);
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

static void settings_of_shifter_fill_what_the_common_ones_leave(void **state)
{
    (void)state;
    struct arena a = {0};
    struct batch_script s = need(&a,
                                 "mp.method = shifter\nmp.shifter.shifter_image = docker:me/it:1\n"
                                 "mp.shifter.project = m1\nmp.queue = debug\n",
                                 TASK_INDEXING);
    assert_string_equal(s.container, "shifter");
    assert_string_equal(s.image, "docker:me/it:1");
    assert_string_equal(s.need.queue, "debug");
    assert_string_equal(s.need.account, "m1");
    s = need(&a,
             "mp.method = slurm\nmp.nnodes = 2\nmp.mpi_command = srun -l\nmp.env_script = /a b\n"
             "container.runtime = apptainer\ncontainer.image = /i.sif\ncontainer.extra = --nv\n",
             TASK_INDEXING);
    assert_string_equal(s.launch, "srun -l -n @tasks@");
    assert_string_equal(s.sources[0], "/a b");
    assert_null(s.sources[1]);
    assert_string_equal(s.options, "--nv");
    s = need(&a, "mp.method = slurm\nmp.extra_options = --licenses=x\nmp.extra_options = \"#SBATCH -v\"\n",
             TASK_INDEXING);
    assert_string_equal(s.need.extra[0], "#SBATCH --licenses=x");
    assert_string_equal(s.need.extra[1], "#SBATCH -v");
    assert_null(s.need.extra[2]);
    s = need(&a, "mp.nnodes = 2\nmp.nproc = 6\nmp.use_mpi = False\n", TASK_INDEXING);
    assert_int_equal(s.need.tasks, 1);
    assert_int_equal(s.need.cpus, 6);
    arena_free(&a);
}

static void a_scheduler_of_ones_own_needs_its_commands(void **state)
{
    (void)state;
    struct arena a = {0};
    struct error err = {0};
    struct batch_site site;
    struct params *p = params_make(&a);
    assert_true(params_merge_text(p, "test", "mp.method = custom\ncustom.submit = s <script>\n", &err));
    assert_false(need_site(p, &a, &site, &err));
    assert_non_null(strstr(err.hint, "custom.status"));
    assert_true(params_merge_text(p, "test", "custom.status = t <ids>\ncustom.cancel = c <id>\n", &err));
    assert_true(need_site(p, &a, &site, &err));
    assert_string_equal(site.custom->submit, "s <script>");
    assert_true(params_merge_text(p, "test", "mp.method = htcondor\n", &err));
    assert_false(need_site(p, &a, &site, &err));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rank_a_node_takes_the_cores_of_all_processes),
        cmocka_unit_test(tasks_have_nodes_of_their_own),
        cmocka_unit_test(settings_of_shifter_fill_what_the_common_ones_leave),
        cmocka_unit_test(a_scheduler_of_ones_own_needs_its_commands),
    };
    return cmocka_run_group_tests_name("cycle/need", tests, NULL, NULL);
}
