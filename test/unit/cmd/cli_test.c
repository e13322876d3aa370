/* cli_test.c - command lines are taken apart by the table of a command. */
#include "cmd/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct option_row options[] = {
    {'v', "verbose", NULL, "say more"},
    {'j', "jobs", "N", "how many"},
    {0, "name", "TEXT", "may be given several times"},
    {0, "long", NULL, "with --name"},
    {0, "short", NULL, "not with --long"},
    {0},
};

static const struct option_rule rules[] = {
    {"long", "name verbose", NULL, NULL},
    {"long short", NULL, "long short", NULL},
    {"jobs", NULL, "verbose", "nobody says more of many"},
    {0},
};

static int nothing(struct cli *cli)
{
    return cli->n_operands ? EXIT_CODE_DONE : EXIT_CODE_STALE;
}

static const struct command command = {
    .name = "work",
    .summary = "do something",
    .usage = "[OPTIONS] FILE...",
    .text = "Does it.\n\nWell.",
    .options = options,
    .rules = rules,
    .examples = (const struct example[]){{"toy work a", "works on a"}, {0}},
    .run = nothing,
};
static const struct command *const commands[] = {&command, NULL};
static const struct program program = {
    .name = "toy", .summary = "a toy", .commands = commands, .options = &(const struct option_row){0}};

static bool parse(struct cli *cli, struct error *err, int argc, char **argv)
{
    *cli = (struct cli){.program = &program, .command = &command};
    return cli_parse(cli, argc, argv, err);
}

static void options_and_operands_mix_until_two_dashes(void **state)
{
    (void)state;
    struct cli cli;
    struct error err = {0};
    char *argv[] = {"a", "-vj4", "x=1", "--name=p", "-", "--name", "--jobs", "--", "-v", "--name"};
    assert_true(parse(&cli, &err, 10, argv));
    static const char *const operands[] = {"a", "x=1", "-", "-v", "--name"};
    assert_int_equal(cli.n_operands, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(cli.operands[i], operands[i]);
    assert_true(cli_has(&cli, "verbose"));
    const char *const *names;
    assert_int_equal(cli_values(&cli, "name", &names), 2);
    assert_string_equal(names[0], "p");
    assert_string_equal(names[1], "--jobs"); /* a value may look like an option */
    assert_string_equal(cli_value(&cli, "name", "none"), "--jobs");
    int64_t jobs;
    assert_true(cli_int(&cli, "jobs", 1, 8, 2, &jobs, &err) && jobs == 4);
    assert_false(cli_int(&cli, "jobs", 1, 3, 2, &jobs, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_int_equal(jobs, 2);
    arena_free(&cli.arena);
}

static void wrong_options_are_refused_with_a_near_one(void **state)
{
    (void)state;
    struct cli cli;
    struct error err = {0};
    char *bad[][2] = {{"--verbos", ""}, {"--verbose=1", ""}, {"--jobs", NULL},
                      {"-j", NULL},     {"-x", ""},          {"--v", ""}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(parse(&cli, &err, bad[i][1] ? 2 : 1, bad[i]));
        assert_int_equal(err.code, ERROR_USAGE);
        if (i == 0)
            assert_string_equal(err.hint, "did you mean --verbose?");
        arena_free(&cli.arena);
    }
}

static void help_is_there_without_being_named(void **state)
{
    (void)state;
    struct cli cli;
    struct error err = {0};
    char *words[] = {"a", "--help"}, *letter[] = {"-vh"}, *none[] = {"a"};
    assert_true(parse(&cli, &err, 2, words) && cli.help);
    arena_free(&cli.arena);
    assert_true(parse(&cli, &err, 1, letter) && cli.help);
    arena_free(&cli.arena);
    assert_true(parse(&cli, &err, 1, none) && !cli.help);
    arena_free(&cli.arena);
}

static void rules_refuse_what_would_be_ignored(void **state)
{
    (void)state;
    static const struct {
        const char *words[3];
        const char *fact; /* NULL: they go together */
    } cases[] = {
        {{"--long", "--name=x"}, NULL},
        {{"--long", "-v"}, NULL},
        {{"--short", "--short"}, NULL},
        {{"--short", "--name=x", "-v"}, NULL},
        {{"--long"}, "--long means nothing without --name"},
        {{"-v", "--short", "--long"}, "--long and --short do not go together"},
        {{"-vj4"}, "nobody says more of many"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cli cli;
        struct error err = {0};
        int n = 0;
        char *argv[3], copies[3][16];
        for (; n < 3 && cases[i].words[n]; n++)
            argv[n] = strcpy(copies[n], cases[i].words[n]);
        assert_true(parse(&cli, &err, n, argv));
        assert_int_equal(cli_keeps_rules(&cli, &err), !cases[i].fact);
        assert_string_equal(err.fact, cases[i].fact ? cases[i].fact : "");
        arena_free(&cli.arena);
    }
    assert_int_equal(program_run(&program, 4, (char *[]){"toy", "work", "a", "--long", NULL}),
                     EXIT_CODE_USAGE);
}

static void operands_are_counted(void **state)
{
    (void)state;
    struct cli cli = {.program = &program, .command = &command};
    struct error err = {0};
    char *two[] = {"a", "b"};
    assert_false(cli_operands(&cli, 1, 1, "FILE", &err));
    assert_string_equal(err.fact, "work needs FILE");
    cli.operands = two, cli.n_operands = 2;
    assert_true(cli_operands(&cli, 1, 2, "FILE", &err));
    assert_false(cli_operands(&cli, 1, 1, "FILE", &err));
    assert_false(cli_operands(&cli, 0, 0, "", &err));
}

static void errors_lead_to_their_exit_codes(void **state)
{
    (void)state;
    assert_int_equal(cli_exit_code(&(struct error){.code = ERROR_USAGE}), 2);
    assert_int_equal(cli_exit_code(&(struct error){.code = ERROR_NO_SPACE}), 75);
    assert_int_equal(cli_exit_code(&(struct error){.code = ERROR_DAMAGED}), 1);
    assert_int_equal(cli_exit_code(&(struct error){.code = ERROR_INTERNAL}), 1);
    assert_int_equal(program_run(&program, 3, (char *[]){"toy", "work", "a", NULL}), EXIT_CODE_DONE);
    assert_int_equal(program_run(&program, 2, (char *[]){"toy", "work", NULL}), EXIT_CODE_STALE);
}

static void near_names_are_found_and_far_ones_not(void **state)
{
    (void)state;
    static const char *const names[] = {"process", "status", "simulate", "image"};
    assert_string_equal(cli_nearest("proces", names, 4), "process");
    assert_string_equal(cli_nearest("sim", names, 4), "simulate");
    assert_string_equal(cli_nearest("imgae", names, 4), "image");
    assert_null(cli_nearest("xyz", names, 4));
    assert_null(cli_nearest("", names, 4));
}

static void text_is_wrapped_by_characters(void **state)
{
    (void)state;
    struct str s = {0};
    help_wrap(&s, 2, 12, "ååå ååå ååå\nå\n\nnext loooooooooooong end");
    assert_string_equal(s.text, "  ååå ååå\n  ååå å\n\n  next\n  loooooooooooong\n  end\n");
    str_free(&s);
}

static void no_line_of_a_manual_page_becomes_a_request(void **state)
{
    (void)state;
    struct command c = command;
    c.text = "First.\n\n.so /etc/passwd\n\n'quoted' back\\slash … -x";
    struct str s = {0};
    manual_command(&program, &c, &s);
    assert_non_null(strstr(s.text, "\n\\&.so /etc/passwd\n"));
    assert_non_null(strstr(s.text, "\n\\&'quoted' back\\eslash \\[u2026] \\-x\n"));
    assert_null(strstr(s.text, "\xe2"));
    str_free(&s);
}

static int seen;

static int verb(struct cli *cli)
{
    return seen = (int)cli->n_operands + 10 * cli_has(cli, "verbose");
}

static const struct command make = {.name = "keep make",
                                    .summary = "make it",
                                    .usage = "",
                                    .text = "Makes it.",
                                    .options = options,
                                    .examples = (const struct example[]){{"toy keep make", "makes it"}, {0}},
                                    .run = verb};
static const struct command *const verbs[] = {&make, NULL};
static const struct command keep = {.name = "keep",
                                    .summary = "look after it",
                                    .usage = "VERB",
                                    .text = "Verbs.",
                                    .examples = (const struct example[]){{"toy keep make", "makes it"}, {0}},
                                    .verbs = verbs};
static const struct command *const list[] = {&command, &keep, NULL};

/* A command of several words is run by the row of its verb, with that row's options. */
static void a_verb_has_options_of_its_own(void **state)
{
    (void)state;
    const struct program p = {
        .name = "toy", .summary = "a toy", .commands = list, .options = &(const struct option_row){0}};
    assert_string_equal(command_word(&make), "make");
    char *right[] = {"toy", "keep", "make", "-v", "a", "b"}, *wrong[] = {"toy", "keep", "mak"};
    assert_int_equal(program_run(&p, 6, right), 12);
    assert_int_equal(seen, 12);
    assert_int_equal(program_run(&p, 3, wrong), EXIT_CODE_USAGE);
    assert_int_equal(program_run(&p, 2, wrong), EXIT_CODE_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_mix_until_two_dashes),
        cmocka_unit_test(wrong_options_are_refused_with_a_near_one),
        cmocka_unit_test(help_is_there_without_being_named),
        cmocka_unit_test(rules_refuse_what_would_be_ignored),
        cmocka_unit_test(operands_are_counted),
        cmocka_unit_test(errors_lead_to_their_exit_codes),
        cmocka_unit_test(near_names_are_found_and_far_ones_not),
        cmocka_unit_test(text_is_wrapped_by_characters),
        cmocka_unit_test(no_line_of_a_manual_page_becomes_a_request),
        cmocka_unit_test(a_verb_has_options_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
