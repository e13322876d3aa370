/* script_forms_test.c - job scripts of every scheduler with every container, as they were reviewed: test/data/scripts.txt holds the head
 * of each scheduler's script and each command line. XFELX_UPDATE=1 writes it anew: read the difference, then commit it.
 */
#include "batch/script.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char golden[] = "test/data/scripts.txt";
static const char *const schedulers[] = {"slurm", "pbs", "sge", "lsf", "local", "custom"};
enum { SCHEDULERS = sizeof schedulers / sizeof *schedulers };

/* A job whose every text needs quoting. With two nodes: all that a scheduler can be asked for. */
static struct batch_script job(const char *scheduler, const struct batch_container *c, bool many)
{
    static const char *const arguments[] = {"process", "it's.phil", "$(touch hit)", "-x", NULL},
                             *const environment[] = {"A=a b", "B=`touch hit`", NULL},
                             *const sources[] = {"/site/set up.sh", NULL},
                             *const binds[] = {"/data", "/a b/$HOME", NULL};
    bool slurm = strcmp(scheduler, "slurm") == 0;
    struct batch_script s = {.attempt = 17,
                             .name = "xf01234567-17",
                             .record = "/out/.xfelx/jobs/17",
                             .program = "/out/.xfelx/bin/xfelx-0a1b",
                             .folder = "/out/r0012/it's here",
                             .log = "/out/r0012/it's here/log.out",
                             .arguments = arguments,
                             .environment = environment,
                             .sources = sources,
                             .margin = 60,
                             .warn = 120,
                             .copy = many,
                             .need = {.nodes = 1, .tasks = 1, .cpus = 4, .seconds = 3600}};
    if (c) {
        s.container = c->name, s.image = "/site/my image:1", s.binds = binds;
        s.options = many ? "--site-option" : NULL;
    }
    if (!many)
        return s;
    s.need = (struct batch_resources){.nodes = 2, .tasks = 8, .cpus = 16, .seconds = 5430};
    bool asked = strcmp(scheduler, "sge") != 0 && strcmp(scheduler, "custom") != 0;
    s.need.memory_mb = asked ? 64000 : 0;
    s.need.gpus = asked && strcmp(scheduler, "local") != 0 ? 4 : 0;
    if (strcmp(scheduler, "local") != 0 && strcmp(scheduler, "custom") != 0)
        s.need.queue = "debug", s.need.account = "m1234";
    if (slurm)
        s.need.qos = "realtime", s.need.constraint = "cpu", s.need.reservation = "beam";
    if (strcmp(scheduler, "sge") == 0)
        s.need.pe = "mpi";
    return s;
}

static void render(const char *scheduler, const struct batch_container *c, bool many, struct str *out)
{
    struct batch_script s = job(scheduler, c, many);
    struct error err = {0};
    if (!batch_script_render(scheduler, &s, NULL, NULL, out, &err))
        fail_msg("%s with %s: %s", scheduler, c ? c->name : "no container", err.fact);
}

/* What sh or another program says of a script. */
static void judge(const char *const *argv, const struct str *script, const char *what)
{
    struct child_answer a;
    struct error err = {0};
    assert_true(
        child_run(&(struct child){.argv = argv, .input = script->text, .n_input = script->len, .seconds = 60},
                  &a, &err));
    if (a.exit_code != 0)
        fail_msg("%s: %s%s", what, a.out.text ? a.out.text : "", a.err.text ? a.err.text : "");
    child_answer_free(&a);
}

/* The line that starts the program. */
static void take_command(const char *script, struct str *out)
{
    const char *from = strstr(script, "step=launch\n");
    assert_non_null(from);
    from += strlen("step=launch\n");
    str_addn(out, from, (size_t)(strchr(from, '\n') - from));
    str_addc(out, '\n');
}

/* What comes before the part that all share. */
static void take_head(const char *script, struct str *out)
{
    const char *end = strstr(script, "# Made by xfelx");
    assert_non_null(end);
    str_addn(out, script, (size_t)(end - script));
}

static void describe(struct str *out)
{
    for (size_t i = 0; i < SCHEDULERS; i++) {
        for (int many = 0; many < 2; many++) {
            struct str script = {0};
            render(schedulers[i], NULL, many, &script);
            str_printf(out, "==== %s, %s: head\n", schedulers[i], many ? "two nodes" : "one rank");
            take_head(script.text, out);
            str_printf(out, "---- commands\nbare: ");
            take_command(script.text, out);
            str_free(&script);
            for (const struct batch_container *c = batch_containers; c->name; c++) {
                render(schedulers[i], c, many, &script);
                str_printf(out, "%s: ", c->name);
                take_command(script.text, out);
                str_free(&script);
            }
        }
    }
}

static void all_forms_are_as_they_were_reviewed(void **state)
{
    (void)state;
    struct str now = {0};
    struct bytes was = {0};
    struct error err = {0};
    describe(&now);
    if (getenv("XFELX_UPDATE"))
        assert_true(fs_write_atomic(golden, now.text, now.len, &err));
    assert_true(fs_read(golden, 1 << 20, &was, &err));
    size_t same = 0, line = 1;
    while (same < was.size && same < now.len && was.data[same] == (uint8_t)now.text[same])
        line += was.data[same++] == '\n';
    if (was.size != now.len || same != now.len)
        fail_msg("line %zu of %s is another now (XFELX_UPDATE=1 writes it anew)", line, golden);
    bytes_free(&was);
    str_free(&now);
}

/* All forms in one reading: a script behind the other, each a function. */
static void every_form_is_one_that_sh_understands(void **state)
{
    (void)state;
    const char *const argv[] = {"sh", "-n", "-s", NULL};
    struct str all = {0};
    for (size_t i = 0; i < SCHEDULERS; i++)
        for (int many = 0; many < 2; many++)
            for (const struct batch_container *c = batch_containers; c->name; c++) {
                struct str script = {0};
                render(schedulers[i], c, many, &script);
                str_printf(&all, "form() {\n%s\n}\n", script.text);
                str_free(&script);
            }
    judge(argv, &all, "sh -n");
    str_free(&all);
}

static void shellcheck_finds_nothing_in_them(void **state)
{
    (void)state;
    /* 1090: scripts that are read are the site's; 2016: what is quoted is to stay; 2034, 3028, 3045: told in the record; 2317: called by
     * traps */
    const char *const argv[] = {
        "shellcheck", "-s", "sh", "-e", "SC1090,SC1091,SC2016,SC2034,SC2317,SC3028,SC3045", "-", NULL};
    if (system("command -v shellcheck >/dev/null") != 0) {
        print_message("needs shellcheck\n");
        skip();
    }
    for (size_t i = 0; i < SCHEDULERS; i++) {
        struct str script = {0};
        render(schedulers[i], &batch_containers[i], true, &script);
        judge(argv, &script, schedulers[i]);
        str_free(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_are_as_they_were_reviewed),
        cmocka_unit_test(every_form_is_one_that_sh_understands),
        cmocka_unit_test(shellcheck_finds_nothing_in_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
