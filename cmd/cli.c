/* cli.c - command lines: options, operands, errors, exit codes. See cli.h. */
#include "cmd/cli.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cli_given {
    const struct option_row *option;
    const char *value; /* NULL for a switch */
};

/* ---- errors ---- */

static bool stderr_has_colour(void)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0 && !(no_color && *no_color);
}

int cli_exit_code(const struct error *err)
{
    switch (err->code) {
    case ERROR_USAGE:
        return EXIT_CODE_USAGE;
    case ERROR_NO_SPACE:
    case ERROR_BUSY:
        return EXIT_CODE_UNFINISHED;
    default:
        return EXIT_CODE_FAILED;
    }
}

int cli_fail(const struct error *err)
{
    const char *red = "", *dim = "", *off = "";
    if (stderr_has_colour())
        red = "\033[1;31m", dim = "\033[1m", off = "\033[0m";
    fflush(stdout);
    fprintf(stderr, "%serror:%s %s\n", red, off, err->fact);
    if (err->detail[0])
        fprintf(stderr, "%sdetail:%s %s\n", dim, off, err->detail);
    if (err->hint[0])
        fprintf(stderr, "%shint:%s %s\n", dim, off, err->hint);
    return cli_exit_code(err);
}

int cli_misuse(const struct cli *cli, struct error *err)
{
    if (!err->hint[0])
        error_hint(err, "usage: %s %s %s; more: %s %s --help", cli->program->name, cli->command->name,
                   cli->command->usage, cli->program->name, cli->command->name);
    return cli_fail(err);
}

/* ---- output ---- */

static int output_errno; /* why the first write to stdout failed; 0: none has */

void cli_print(const struct str *text)
{
    errno = 0;
    if (text->len && (fwrite(text->text, 1, text->len, stdout) != text->len || fflush(stdout) != 0) &&
        !output_errno)
        output_errno = errno ? errno : EIO;
}

bool cli_has_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *v = getenv(names[i]);
        if (v && *v)
            return strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "UTF8") || strstr(v, "utf-8");
    }
    return false;
}

void cli_ascii(struct str *text)
{
    static const struct {
        const char *letter, *ascii;
    } likes[] = {{"Å", "A"},    {"°", "deg"},   {"×", "x"},  {"±", "+-"},    {"²", "2"},   {"³", "3"},
                 {"½", "1/2"},  {"µ", "u"},     {"μ", "u"},  {"σ", "sigma"}, {"Σ", "sum"}, {"α", "alpha"},
                 {"β", "beta"}, {"γ", "gamma"}, {"·", "*"},  {"–", "-"},     {"—", "-"},   {"−", "-"},
                 {"…", "..."},  {"→", "->"},    {"≤", "<="}, {"≥", ">="},    {"█", "#"}};
    struct str out = {0};
    for (const char *p = text->text; p && *p;) {
        uint32_t code;
        int n = str_utf8(p, &code);
        const char *like = "?";
        n = n > 0 ? n : 1;
        for (size_t i = 0; i < sizeof likes / sizeof *likes; i++)
            like = str_starts(p, likes[i].letter) ? likes[i].ascii : like;
        if (n > 1 && strcmp(like, "?") == 0 && columns_of_code(code) == 2)
            like = "??"; /* columns stay where they are */
        if (code == 0x2026 && out.len && out.text[out.len - 1] != ' ')
            like = "~"; /* of a cut text, which is as wide as it may be */
        if ((unsigned char)*p < 128)
            str_addc(&out, *p);
        else
            str_add(&out, like);
        p += n;
    }
    str_free(text);
    *text = out;
}

void cli_print_text(struct str *text)
{
    if (!cli_has_utf8())
        cli_ascii(text);
    cli_print(text);
}

int cli_finish(int code)
{
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && !output_errno)
        output_errno = errno ? errno : EIO;
    if (!output_errno || output_errno == EPIPE)
        return code;
    struct error err = {0};
    errno = output_errno;
    error_system(&err, ERROR_FAILED, "the output could not be written");
    cli_fail(&err);
    return code ? code : EXIT_CODE_FAILED;
}

/* ---- near names ---- */

const char *cli_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 1;
    for (size_t i = 0; i < n; i++) {
        size_t distance = str_distance(word, names[i]);
        if (distance > 0 && *word && str_starts(names[i], word) && distance > 1)
            distance = 1; /* the beginning of a name */
        if (distance < best_distance || (!best && distance == best_distance)) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}

/* ---- parsing ---- */

static const struct option_row *no_options = &(const struct option_row){0};

static const struct option_row *options_of(const struct cli *cli)
{
    return cli->command->options ? cli->command->options : no_options;
}

static const struct option_row *find_long(const struct cli *cli, const char *name, size_t n)
{
    for (const struct option_row *o = options_of(cli); o->name; o++)
        if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
            return o;
    return NULL;
}

static const struct option_row *find_letter(const struct cli *cli, char letter)
{
    for (const struct option_row *o = options_of(cli); o->name; o++)
        if (o->letter == letter)
            return o;
    return NULL;
}

static bool unknown_option(const struct cli *cli, const char *word, size_t n, struct error *err)
{
    error_set(err, ERROR_USAGE, "%s has no option %.*s", cli->command->name, (int)n, word);
    const char *names[64] = {"help"};
    size_t count = 1;
    for (const struct option_row *o = options_of(cli); o->name && count < 64; o++)
        names[count++] = o->name;
    char bare[64];
    size_t skip = strspn(word, "-");
    snprintf(bare, sizeof bare, "%.*s", (int)(n - skip), word + skip);
    const char *near = strlen(bare) > 1 ? cli_nearest(bare, names, count) : NULL;
    if (near)
        return error_hint(err, "did you mean --%s?", near);
    if (word[1] >= '0' && word[1] <= '9')
        return error_hint(
            err, "what begins with - is an option; the numbers of runs, trials and jobs begin with 1");
    return false;
}

static void give(struct cli *cli, const struct option_row *o, const char *value)
{
    cli->given[cli->n_given++] = (struct cli_given){o, value};
}

/* One word "--name", "--name=value" at argv[i]; *i moves past a value of its own. */
static bool parse_long(struct cli *cli, int argc, char **argv, int *i, struct error *err)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    if (n == 4 && memcmp(name, "help", 4) == 0 && !equals)
        return cli->help = true;
    const struct option_row *o = find_long(cli, name, n);
    if (!o)
        return unknown_option(cli, argv[*i], n + 2, err);
    if (!o->argument && equals)
        return error_set(err, ERROR_USAGE, "--%s takes no value", o->name);
    if (!o->argument) {
        give(cli, o, NULL);
        return true;
    }
    if (!equals && *i + 1 == argc)
        return error_set(err, ERROR_USAGE, "--%s needs a value (%s)", o->name, o->argument);
    give(cli, o, equals ? equals + 1 : argv[++*i]);
    return true;
}

/* One word of letters, "-v", "-vj4", "-j 4". */
static bool parse_letters(struct cli *cli, int argc, char **argv, int *i, struct error *err)
{
    for (const char *p = argv[*i] + 1; *p; p++) {
        const struct option_row *o = find_letter(cli, *p);
        if (!o && *p == 'h') {
            cli->help = true;
            continue;
        }
        if (!o)
            return unknown_option(cli, argv[*i], strlen(argv[*i]), err);
        if (!o->argument) {
            give(cli, o, NULL);
            continue;
        }
        if (!p[1] && *i + 1 == argc)
            return error_set(err, ERROR_USAGE, "-%c needs a value (%s)", *p, o->argument);
        give(cli, o, p[1] ? p + 1 : argv[++*i]);
        return true;
    }
    return true;
}

bool cli_parse(struct cli *cli, int argc, char **argv, struct error *err)
{
    size_t letters = 1; /* an upper bound of the options on the line: a word of letters holds several */
    for (int i = 0; i < argc; i++)
        letters += strlen(argv[i]);
    cli->given = arena_array(&cli->arena, letters, sizeof *cli->given);
    cli->operands = arena_array(&cli->arena, (size_t)argc + 1, sizeof *cli->operands);
    cli->n_given = cli->n_operands = 0;
    bool only_operands = false;
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];
        if (only_operands || word[0] != '-' || !word[1]) /* "-" alone is a name */
            cli->operands[cli->n_operands++] = word;
        else if (strcmp(word, "--") == 0)
            only_operands = true;
        else if (!(word[1] == '-' ? parse_long : parse_letters)(cli, argc, argv, &i, err))
            return false;
    }
    return true;
}

/* ---- asking ---- */

static const struct option_row *option_must(const struct cli *cli, const char *name)
{
    const struct option_row *o = find_long(cli, name, strlen(name));
    if (!o) {
        fprintf(stderr, "xfelx: the table of %s has no option --%s\n", cli->command->name, name);
        abort();
    }
    return o;
}

static const struct cli_given *last_given(const struct cli *cli, const char *name)
{
    const struct option_row *o = option_must(cli, name);
    for (size_t i = cli->n_given; i-- > 0;)
        if (cli->given[i].option == o)
            return &cli->given[i];
    return NULL;
}

bool cli_has(const struct cli *cli, const char *name)
{
    return last_given(cli, name) != NULL;
}

const char *cli_value(const struct cli *cli, const char *name, const char *otherwise)
{
    const struct cli_given *g = last_given(cli, name);
    return g && g->value ? g->value : otherwise;
}

size_t cli_values(struct cli *cli, const char *name, const char *const **values)
{
    const struct option_row *o = option_must(cli, name);
    const char **list = arena_array(&cli->arena, cli->n_given + 1, sizeof *list);
    size_t n = 0;
    for (size_t i = 0; i < cli->n_given; i++)
        if (cli->given[i].option == o && cli->given[i].value)
            list[n++] = cli->given[i].value;
    *values = list;
    return n;
}

bool cli_int(const struct cli *cli, const char *name, int64_t lo, int64_t hi, int64_t otherwise, int64_t *out,
             struct error *err)
{
    const char *text = cli_value(cli, name, NULL);
    *out = otherwise;
    if (!text)
        return true;
    if (str_to_i64(text, out) && *out >= lo && *out <= hi)
        return true;
    *out = otherwise;
    return error_set(err, ERROR_USAGE, "--%s takes a whole number from %lld to %lld, not \"%s\"", name,
                     (long long)lo, (long long)hi, text);
}

bool cli_real(const struct cli *cli, const char *name, double lo, double hi, double otherwise, double *out,
              struct error *err)
{
    const char *text = cli_value(cli, name, NULL);
    *out = otherwise;
    if (!text)
        return true;
    if (str_to_double(text, out) && *out >= lo && *out <= hi)
        return true;
    *out = otherwise;
    char a[32], b[32];
    return error_set(err, ERROR_USAGE, "--%s takes a number from %s to %s, not \"%s\"", name,
                     str_double(lo, a), str_double(hi, b), text);
}

/* The next word of a list parted by blanks, in `word`; NULL at its end. */
static const char *next_word(const char *list, char word[32])
{
    list += strspn(list, " ");
    size_t n = strcspn(list, " ");
    snprintf(word, 32, "%.*s", (int)n, list);
    return n ? list + n : NULL;
}

/* How many words of a list are given, `other` not counted; the first of these in `word`. All are looked up: a name that is no option
 * ends the program. */
static size_t given_of(const struct cli *cli, const char *list, const char *other, char word[32])
{
    char next[32];
    size_t n = 0;
    while (list && (list = next_word(list, next)))
        if (cli_has(cli, next) && strcmp(next, other) != 0 && n++ == 0)
            snprintf(word, 32, "%s", next);
    return n;
}

static bool keeps_rule(const struct cli *cli, const struct option_rule *r, struct error *err)
{
    char option[32], other[32];
    for (const char *at = r->options; (at = next_word(at, option));) {
        bool given = cli_has(cli, option), lonely = r->needs && !given_of(cli, r->needs, option, other),
             clash = given_of(cli, r->without, option, other) > 0;
        if (!given || (!lonely && !clash))
            continue;
        if (r->why)
            return error_set(err, ERROR_USAGE, "%s", r->why);
        if (clash)
            return error_set(err, ERROR_USAGE, "--%s and --%s do not go together", option, other);
        next_word(r->needs, other);
        return error_set(err, ERROR_USAGE, "--%s means nothing without --%s", option, other);
    }
    return true;
}

bool cli_keeps_rules(const struct cli *cli, struct error *err)
{
    for (const struct option_rule *r = cli->command->rules; r && r->options; r++)
        if (!keeps_rule(cli, r, err))
            return false;
    return true;
}

bool cli_operands(const struct cli *cli, size_t lo, size_t hi, const char *what, struct error *err)
{
    if (cli->n_operands < lo)
        return error_set(err, ERROR_USAGE, "%s needs %s", cli->command->name, what);
    if (cli->n_operands > hi && hi == 0)
        return error_set(err, ERROR_USAGE, "%s takes no argument, but \"%s\" was given", cli->command->name,
                         cli->operands[0]);
    if (cli->n_operands > hi)
        return error_set(err, ERROR_USAGE, "%s takes only %zu %s, but \"%s\" was given too",
                         cli->command->name, hi, what, cli->operands[hi]);
    return true;
}

/* ---- the program ---- */

const struct command *program_command(const struct program *p, const char *name)
{
    for (const struct command *const *c = p->commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

const char *command_word(const struct command *c)
{
    const char *blank = strrchr(c->name, ' ');
    return blank ? blank + 1 : c->name;
}

static int print(struct str *text)
{
    cli_print(text);
    str_free(text);
    return EXIT_CODE_DONE;
}

static int unknown_command(const struct program *p, const char *word)
{
    struct error err = {0};
    error_set(&err, ERROR_USAGE, word[0] == '-' ? "%s has no option %s" : "%s has no command %s", p->name,
              word);
    const char *names[128];
    size_t n = 0;
    if (word[0] == '-')
        for (const struct option_row *o = p->options; o->name && n < 128; o++)
            names[n++] = o->name;
    else
        for (const struct command *const *c = p->commands; *c && n < 128; c++)
            names[n++] = (*c)->name;
    const char *near = cli_nearest(word + strspn(word, "-"), names, n);
    if (near && word[0] == '-')
        error_hint(&err, "did you mean --%s?", near);
    else if (near)
        error_hint(&err, "did you mean %s %s?", p->name, near);
    else if (word[0] != '-' && access(word, F_OK) == 0)
        error_hint(&err, "%s is a file; name a command before it: %s image %s", word, p->name, word);
    else
        error_hint(&err, "%s --help lists the commands", p->name);
    return cli_fail(&err);
}

/* "db init …": the row of the verb; NULL with ERROR_USAGE. */
static const struct command *find_verb(const struct program *p, const struct command *c, const char *word,
                                       struct error *err)
{
    const char *names[64];
    size_t n = 0;
    for (const struct command *const *v = c->verbs; *v && n < 64; v++) {
        names[n++] = command_word(*v);
        if (word && strcmp(names[n - 1], word) == 0)
            return *v;
    }
    const char *near = word ? cli_nearest(word, names, n) : NULL;
    if (word)
        error_set(err, ERROR_USAGE, "%s has no verb %s", c->name, word);
    else
        error_set(err, ERROR_USAGE, "%s needs a verb", c->name);
    if (near)
        error_hint(err, "did you mean %s %s %s?", p->name, c->name, near);
    else
        error_hint(err, "%s %s --help lists the verbs", p->name, c->name);
    return NULL;
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* Without a verb a list is meant, and of a number what is known of it, where there are such verbs; NULL: none is. */
static const struct command *implied_verb(const struct command *c, const char *word)
{
    const char *name = !word || *word == '-' ? "list" : *word >= '0' && *word <= '9' ? "show" : "";
    for (const struct command *const *v = c->verbs; *v; v++)
        if (strcmp(command_word(*v), name) == 0)
            return *v;
    return NULL;
}

static int run_command(const struct program *p, const struct command *c, int argc, char **argv)
{
    struct error err = {0};
    int code;
    if (c->verbs && !(argc && asks_for_help(argv[0]))) {
        const struct command *implied = implied_verb(c, argc ? argv[0] : NULL);
        if (!implied && !(c = find_verb(p, c, argc ? argv[0] : NULL, &err)))
            return cli_fail(&err);
        c = implied ? implied : c;
        argc -= !implied;
        argv += !implied;
    }
    struct cli cli = {.program = p, .command = c};
    if (!cli_parse(&cli, argc, argv, &err)) {
        code = cli_misuse(&cli, &err);
    } else if (cli.help) {
        struct str text = {0};
        help_command(p, c, &text);
        code = print(&text);
    } else if (!cli_keeps_rules(&cli, &err)) {
        code = cli_fail(&err); /* the names of both are said; usage tells no more */
    } else {
        code = c->run(&cli);
    }
    arena_free(&cli.arena);
    return code;
}

/* Help or manual page of the program, or of the command (and verb) that is named. A verb has no page of its own. */
static int describe(const struct program *p, const char *name, const char *verb, bool manual)
{
    const struct command *c = name ? program_command(p, name) : NULL;
    struct str text = {0};
    struct error err = {0};
    if (name && !c)
        return unknown_command(p, name);
    if (c && c->verbs && verb && !manual && !(c = find_verb(p, c, verb, &err)))
        return cli_fail(&err);
    if (c)
        (manual ? manual_command : help_command)(p, c, &text);
    else
        (manual ? manual_program : help_program)(p, &text);
    return print(&text);
}

int program_run(const struct program *p, int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;
    struct str text = {0};
    if (!word) {
        struct error err = {0};
        error_set(&err, ERROR_USAGE, "no command is named");
        error_hint(&err, "%s --help lists the commands", p->name);
        return cli_fail(&err);
    }
    if (asks_for_help(word))
        return describe(p, argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL, false);
    if (strcmp(word, "--man") == 0)
        return describe(p, argc > 2 ? argv[2] : NULL, NULL, true);
    if (strcmp(word, "--version") == 0) {
        version_text(&text);
        return print(&text);
    }
    if (strcmp(word, "--licenses") == 0) {
        version_licenses(&text);
        return print(&text);
    }
    if (strcmp(word, "--commands") == 0) {
        for (const struct command *const *c = p->commands; *c; c++)
            str_printf(&text, "%s\n", (*c)->name);
        return print(&text);
    }
    const struct command *c = program_command(p, word);
    return c ? run_command(p, c, argc - 2, argv + 2) : unknown_command(p, word);
}
