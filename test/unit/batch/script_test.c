#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "batch/script.h"

#include "support.h"

#include <string.h>

static struct batch_script example(void)
{
    static const char *const arguments[] = {"process", "a b.phil", "output.output_dir=it's", NULL};
    static const char *const environment[] = {"XFELX_DB_PASSWORD_FILE=/a b/c", NULL};
    return (struct batch_script){.attempt = 17,
                                 .name = "x-r0012-t3-17",
                                 .record = "/o/.xfelx/jobs/17",
                                 .program = "/o/bin/xfelx",
                                 .folder = "/o/r0012",
                                 .log = "/o/r0012/log.out",
                                 .arguments = arguments,
                                 .environment = environment,
                                 .margin = 60,
                                 .warn = 120,
                                 .need = {.nodes = 2, .tasks = 8, .cpus = 16, .seconds = 5400}};
}

static struct str rendered(const char *scheduler, const struct batch_script *s)
{
    struct str out = {0};
    struct error err = {0};
    if (!batch_script_render(scheduler, s, NULL, NULL, &out, &err))
        fail_msg("%s: %s", scheduler, err.fact);
    return out;
}

static void every_scheduler_gets_a_script_that_a_shell_understands(void **state)
{
    (void)state;
    static const struct {
        const char *scheduler, *says[4];
    } rows[] = {
        {"slurm", {"#SBATCH --nodes=2\n", "#SBATCH --time=90\n", "B:USR2@120\n", "srun --mpi=pmi2"}},
        {"pbs",
         {"select=2:ncpus=64:mpiprocs=4:ompthreads=16\n", "walltime=01:30:00\n", "mpiexec.hydra",
          "$PBS_NODEFILE"}},
        {"sge", {"#$ -l h_rt=01:30:00\n", "#$ -N x-r0012-t3-17\n", "-rmk sge", "-n 8"}},
        {"lsf", {"#BSUB -W 90\n", "span[ptile=4]\n", "#BSUB -wt 2\n", "-rmk lsf"}},
        {"local",
         {"mpiexec.hydra -n 8 /o/bin/xfelx process 'a b.phil'", "export XFELX_DB_PASSWORD_FILE='/a b/c'",
          "attempt=17", "- 60"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch_script s = example();
        struct str text = rendered(rows[i].scheduler, &s);
        for (int k = 0; k < 4; k++)
            if (!strstr(text.text, rows[i].says[k]))
                fail_msg("%s lacks %s", rows[i].scheduler, rows[i].says[k]);
        assert_null(strstr(text.text, "@="));
        const char *const argv[] = {"sh", "-n", "-s", NULL};
        struct child_answer a;
        struct error err = {0};
        assert_true(child_run(
            &(struct child){.argv = argv, .input = text.text, .n_input = text.len, .seconds = 10}, &a, &err));
        if (a.exit_code)
            fail_msg("%s: %s", rows[i].scheduler, a.err.text);
        child_answer_free(&a);
        str_free(&text);
    }
}

static void a_job_that_may_wait_says_so_in_its_schedulers_word(void **state)
{
    (void)state;
    static const struct {
        const char *scheduler, *says;
        int32_t nice;
    } rows[] = {
        {"slurm", "#SBATCH --nice=100\n", BATCH_NICE_USUAL}, {"slurm", "#SBATCH --nice=7\n", 7},
        {"sge", "#$ -p -100\n", BATCH_NICE_USUAL},           {"sge", "#$ -p -1023\n", 10000},
        {"pbs", "#PBS -p -100\n", BATCH_NICE_USUAL},         {"lsf", "#BSUB -sp 1\n", 50},
        {"local", "\nrenice -n 10 -p $$", BATCH_NICE_USUAL},
    };
    static const char *const words[] = {"--nice", "$ -p", "PBS -p", "-sp", "renice"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch_script s = example();
        s.need.nice = rows[i].nice;
        struct str text = rendered(rows[i].scheduler, &s);
        if (!strstr(text.text, rows[i].says))
            fail_msg("%s lacks %s", rows[i].scheduler, rows[i].says);
        str_free(&text);
        s.need.nice = 0;
        text = rendered(rows[i].scheduler, &s);
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (strstr(text.text, words[k]))
                fail_msg("%s says %s of a job that waits as others do", rows[i].scheduler, words[k]);
        str_free(&text);
    }
    struct batch_script s = example();
    s.need.nice = BATCH_NICE_USUAL; /* which a site without MAX_USER_PRIORITY would refuse */
    struct str text = rendered("lsf", &s);
    assert_null(strstr(text.text, "-sp"));
    str_free(&text);
}

static void containers_and_one_rank_change_the_command(void **state)
{
    (void)state;
    static const char *const binds[] = {"/data", "/a b", NULL};
    struct batch_script s = example();
    s.container = "apptainer", s.image = "/i mage.sif", s.binds = binds, s.need.tasks = 2;
    struct str text = rendered("slurm", &s);
    assert_non_null(
        strstr(text.text,
               "apptainer exec --bind /data:/data --bind '/a b':'/a b' '/i mage.sif' /o/bin/xfelx process"));
    str_free(&text);
    s = example();
    s.need.nodes = s.need.tasks = 1;
    text = rendered("slurm", &s);
    assert_null(strstr(text.text, "srun --mpi"));
    assert_non_null(strstr(text.text, "\n/o/bin/xfelx process"));
    str_free(&text);
}

static void what_a_scheduler_cannot_be_given_is_refused(void **state)
{
    (void)state;
    struct str out = {0};
    struct error err = {0};
    struct batch_script s = example();
    s.need.qos = "high"; /* PBS has none */
    assert_false(batch_script_render("pbs", &s, NULL, NULL, &out, &err));
    assert_non_null(strstr(err.fact, "qos is given"));
    s = example();
    s.need.memory_mb = 1000; /* Grid Engine: each site has its own word for it */
    assert_false(batch_script_render("sge", &s, NULL, NULL, &out, &err));
    assert_non_null(strstr(err.fact, "memory_mb is given"));
    s = example();
    s.need.queue = "a\n#SBATCH --wrap";
    assert_false(batch_script_render("slurm", &s, NULL, NULL, &out, &err));
    s = example();
    s.container = "docker", s.image = "x";
    assert_false(batch_script_render("slurm", &s, NULL, NULL, &out, &err));
    assert_non_null(strstr(err.fact, "docker"));
    s = example();
    s.need.tasks = 0;
    assert_false(batch_script_render("slurm", &s, NULL, NULL, &out, &err));
    s = example();
    assert_false(batch_script_render("condor", &s, NULL, NULL, &out, &err));
    str_free(&out);
}

/* The templates that cctbx.xfel has built in for Shifter, but for names of files. */
static void templates_of_cctbx_are_understood(void **state)
{
    (void)state;
    struct str out = {0};
    struct error err = {0};
    struct batch_script s = example();
    s.need.queue = "regular", s.need.account = "lcls", s.need.constraint = "cpu";
    s.container = "shifter", s.image = "docker:me/cctbx:1";
    s.arguments = (const char *const[]){"process", "a b.phil", NULL};
    s.inner = "#!/bin/bash\n\nsource /img/activate.sh\n<command>\n";
    assert_true(batch_script_render(
        "slurm", &s, NULL,
        "#!/bin/bash -l\n#SBATCH --qos=<queue>\n#SBATCH --job-name=<jobname>\n"
        "#SBATCH --reservation=<reservation>\n#SBATCH --time=<walltime>\n#SBATCH --nodes=<nnodes>\n"
        "#SBATCH --tasks-per-node=<nproc_per_node>\n#SBATCH --constraint=<constraint>\n"
        "#SBATCH --image=<shifter_image>\n#SBATCH -A <project>\n#SBATCH -o <out_log>\n"
        "#DW jobdw capacity=10GB\nmkdir ${DW_JOB_STRIPED}/stdout    #DW <-tagged\n"
        "srun shifter <srun_script>\necho <unknown> $((1<2)) >x\n",
        &out, &err));
    assert_string_equal(
        out.text,
        "#!/bin/bash -l\n#SBATCH --qos=regular\n#SBATCH --job-name=x-r0012-t3-17\n"
        "#SBATCH --time=01:30:00\n#SBATCH --nodes=2\n#SBATCH --tasks-per-node=4\n#SBATCH --constraint=cpu\n"
        "#SBATCH --image=docker:me/cctbx:1\n#SBATCH -A lcls\n#SBATCH -o /o/r0012/log.out\n"
        "srun shifter /bin/bash -c '#!/bin/bash\n\nsource /img/activate.sh\n"
        "env '\\''XFELX_DB_PASSWORD_FILE=/a b/c'\\'' /o/bin/xfelx process '\\''a b.phil'\\''\n'\n"
        "echo <unknown> $((1<2)) >x\n");
    str_free(&out);
    s = example();
    s.arguments = (const char *const[]){"process", "a b.phil", NULL};
    out = (struct str){0};
    assert_true(batch_script_render("custom", &s, NULL,
                                    "#!/bin/sh\n<launch><command> >><outfile> 2><errfile>\n", &out, &err));
    assert_string_equal(
        out.text, "#!/bin/sh\nmpiexec.hydra -n 8 env 'XFELX_DB_PASSWORD_FILE=/a b/c' /o/bin/xfelx process "
                  "'a b.phil' >>/o/r0012/log.out 2>/o/r0012/log.out\n");
    str_free(&out);
}

/* The records of a script that really runs. */
struct ran {
    struct batch_record begin, end;
};

static struct ran run_script(const char *folder, const char *command, const char *signal)
{
    struct arena a = {0};
    struct error err = {0};
    char *program = arena_printf(&a, "%s/program", folder), *script = arena_printf(&a, "%s/17.sh", folder);
    const char *const none[] = {NULL};
    struct batch_script s = example();
    s.program = program, s.arguments = none, s.environment = NULL;
    s.record = arena_printf(&a, "%s/17", folder), s.folder = arena_printf(&a, "%s/it's here", folder);
    s.log = arena_printf(&a, "%s/log dir/out", folder);
    s.need.nodes = s.need.tasks = s.need.cpus = 1, s.need.seconds = 600;
    assert_true(fs_write_atomic(program, command, strlen(command), &err));
    struct str text = rendered("local", &s);
    assert_true(fs_write_atomic(script, text.text, text.len, &err));
    str_free(&text);
    const char *const argv[] = {
        "sh", "-c", arena_printf(&a, "chmod +x '%s'; sh '%s' & p=$!; %s wait $p", program, script, signal),
        NULL};
    struct child_answer answer;
    assert_true(child_run(&(struct child){.argv = argv, .seconds = 20}, &answer, &err));
    child_answer_free(&answer);
    struct ran out;
    struct bytes b = {0};
    assert_true(fs_read(arena_printf(&a, "%s/17.begin", folder), 1 << 16, &b, &err));
    assert_true(batch_read_record((const char *)b.data, b.size, false, &out.begin, &err));
    if (!fs_read(arena_printf(&a, "%s/17.end", folder), 1 << 16, &b, &err))
        fail_msg("%s", err.fact);
    assert_true(batch_read_record((const char *)b.data, b.size, true, &out.end, &err));
    bytes_free(&b);
    arena_free(&a);
    return out;
}

static void a_script_leaves_its_records(void **state)
{
    (void)state;
    char folder[64];
    struct ran r = run_script(support_folder(folder),
                              "#!/bin/sh\necho \"$XFELX_DEADLINE\"; pwd; echo last words >&2; exit 3\n", "");
    assert_true(r.begin.attempt == 17 && r.end.attempt == 17 && r.end.exit_code == 3 &&
                r.end.exit_signal == 0);
    assert_string_equal(r.end.step, "process");
    assert_string_equal(r.end.last, "last words");
    assert_true(r.begin.deadline * 1000000000 - r.begin.t <= (int64_t)540 * 1000000000);
    assert_true(r.begin.deadline * 1000000000 - r.begin.t >= (int64_t)530 * 1000000000);
    support_remove(folder);
}

static void a_notice_is_passed_on_and_the_end_waited_for(void **state)
{
    (void)state;
    char folder[64];
    struct ran r =
        run_script(support_folder(folder),
                   "#!/bin/sh\ntrap 'echo told; exit 75' USR2\necho up >up\nwhile :; do sleep 0.05; done\n",
                   "while ! [ -e \"$(dirname \"$0\")/x\" ] && ! ls /tmp/xfelx_test_*/it*/up >/dev/null 2>&1; "
                   "do sleep 0.05; "
                   "done; kill -TERM $p;");
    assert_true(r.end.exit_code == 75 && r.end.exit_signal == 15);
    assert_string_equal(r.end.last, "told");
    support_remove(folder);
}

static void a_program_that_is_not_there_is_told(void **state)
{
    (void)state;
    char folder[64];
    struct ran r = run_script(support_folder(folder), "#!/nowhere/sh\n", "");
    assert_true(r.end.exit_code == 126 || r.end.exit_code == 127);
    assert_true(strlen(r.end.last) > 5);
    support_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scheduler_gets_a_script_that_a_shell_understands),
        cmocka_unit_test(a_job_that_may_wait_says_so_in_its_schedulers_word),
        cmocka_unit_test(containers_and_one_rank_change_the_command),
        cmocka_unit_test(what_a_scheduler_cannot_be_given_is_refused),
        cmocka_unit_test(templates_of_cctbx_are_understood),
        cmocka_unit_test(a_script_leaves_its_records),
        cmocka_unit_test(a_notice_is_passed_on_and_the_end_waited_for),
        cmocka_unit_test(a_program_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
