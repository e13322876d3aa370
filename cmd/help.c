/* help.c - the help texts, made from the tables of cli.h. */
#include "cmd/cli.h"

#include <string.h>

#define WIDTH 80
#define COLUMN 26 /* where the text of an option starts */
#define USAGE 7   /* where that of "Usage: " does */

/* Words of text with line breaks, the cursor being at column `at`; further lines start at `indent`. A newline in the text
 * is a blank, an empty line starts a paragraph, and a line that starts with a blank is taken as it is. */
static void wrap_from(struct str *out, size_t at, size_t indent, size_t width, const char *text)
{
    bool first = at == indent;
    while (*text) {
        if (text[0] == '\n' && text[1] == '\n') {
            str_printf(out, "\n\n%*s", (int)indent, "");
            text += 2;
            at = indent, first = true;
        }
        text += strspn(text, " \n");
        size_t n = strcspn(text, " \n"), c = columns_of_part(text, n);
        if (!n)
            break;
        if (!first && at + 1 + c > width) {
            str_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            str_addc(out, ' ');
            at++;
        }
        str_addn(out, text, n);
        at += c;
        first = false;
        text += n;
    }
    str_addc(out, '\n');
}

void help_wrap(struct str *out, size_t indent, size_t width, const char *text)
{
    str_printf(out, "%*s", (int)indent, "");
    wrap_from(out, indent, indent, width, text);
}

/* "  TERM            text …"; a term that is too long gets a line of its own. */
static void add_row(struct str *out, const char *term, size_t column, const char *text)
{
    str_printf(out, "  %s", term);
    size_t at = 2 + columns_taken(term);
    if (at + 2 > column) {
        str_printf(out, "\n%*s", (int)column, "");
    } else {
        str_printf(out, "%*s", (int)(column - at), "");
    }
    wrap_from(out, column, column, WIDTH, text);
}

static void add_option(struct str *out, const struct option_row *o)
{
    struct str term = {0};
    if (o->letter)
        str_printf(&term, "-%c, ", o->letter);
    else
        str_add(&term, "    ");
    str_printf(&term, "--%s", o->name);
    if (o->argument)
        str_printf(&term, " %s", o->argument);
    add_row(out, term.text, COLUMN, o->help);
    str_free(&term);
}

static void add_options(struct str *out, const struct option_row *o)
{
    str_add(out, "\nOptions:\n");
    for (; o && o->name; o++)
        add_option(out, o);
    add_option(out, &(struct option_row){'h', "help", NULL, "this text"});
}

void help_program(const struct program *p, struct str *out)
{
    str_printf(out, "%s - %s\n\nUsage: %s COMMAND [OPTIONS] ...\n\nCommands:\n", p->name, p->summary,
               p->name);
    size_t longest = 0;
    for (const struct command *const *c = p->commands; *c; c++)
        longest = strlen((*c)->name) > longest ? strlen((*c)->name) : longest;
    for (const struct command *const *c = p->commands; *c; c++)
        add_row(out, (*c)->name, longest + 4, (*c)->summary);
    add_options(out, p->options);
    str_add(out, "\nExamples:\n");
    for (const struct command *const *c = p->commands; *c; c++)
        str_printf(out, "  %s\n", (*c)->examples[0].command);
    str_printf(out, "\n%s COMMAND --help tells more about one command.\n", p->name);
}

static void add_verbs(struct str *out, const struct command *c)
{
    size_t longest = 0;
    for (const struct command *const *v = c->verbs; *v; v++)
        longest = strlen(command_word(*v)) > longest ? strlen(command_word(*v)) : longest;
    str_add(out, "\nVerbs:\n");
    for (const struct command *const *v = c->verbs; *v; v++)
        add_row(out, command_word(*v), longest + 4, (*v)->summary);
}

/* As it may be pasted: a long one goes on behind a backslash, at a blank that is in no quotes. */
static void add_command(struct str *out, const char *command)
{
    size_t indent = 2;
    while (columns_taken(command) + indent > WIDTH) {
        size_t cut = 0;
        char quote = 0;
        for (size_t i = 0; command[i] && i + indent + 2 < WIDTH; i++) {
            if (quote ? command[i] == quote : command[i] == '\'' || command[i] == '"')
                quote = quote ? 0 : command[i];
            cut = !quote && command[i] == ' ' ? i : cut;
        }
        if (!cut)
            break;
        str_printf(out, "%*s%.*s \\\n", (int)indent, "", (int)cut, command);
        command += cut + 1;
        indent = 6;
    }
    str_printf(out, "%*s%s\n", (int)indent, "", command);
}

static void add_codes(struct str *out, const struct command *c)
{
    struct str line = {0};
#define X(name, number, word, text)                                                                          \
    if (c->tells_alarms || (number != EXIT_CODE_ALARM && number != EXIT_CODE_STALE))                         \
        str_printf(&line, "%s%d %s", line.len ? ", " : "Exit codes: ", number, word);
    EXIT_CODE_TABLE(X)
#undef X
    str_addc(out, '\n');
    help_wrap(out, 0, WIDTH, line.text);
    str_free(&line);
}

void help_command(const struct program *p, const struct command *c, struct str *out)
{
    struct str usage = {0};
    str_printf(out, "%s %s - %s\n\nUsage: ", p->name, c->name, c->summary);
    str_printf(&usage, "%s %s %s", p->name, c->name, c->usage);
    wrap_from(out, USAGE, USAGE, WIDTH, usage.text);
    str_addc(out, '\n');
    str_free(&usage);
    help_wrap(out, 0, WIDTH, c->text);
    if (c->verbs)
        add_verbs(out, c);
    else
        add_options(out, c->options);
    str_add(out, "\nExamples:\n");
    for (const struct example *e = c->examples; e->command; e++) {
        add_command(out, e->command);
        help_wrap(out, 6, WIDTH, e->text);
    }
    add_codes(out, c);
    if (c->verbs)
        str_printf(out, "\n%s %s VERB --help tells more about one verb.\n", p->name, c->name);
}
