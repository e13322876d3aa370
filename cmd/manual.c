/* manual.c - manual pages in roff (man macros), made from the tables of cli.h. */
#include "cmd/cli.h"

#include <string.h>

/* Text for roff: a dash is typed as a dash, a backslash is shown, what is not ASCII goes by its number, and no line of ours
 * may look like a request. */
static void add_text(struct str *out, const char *text)
{
    uint32_t code;
    for (const char *p = text; *p;) {
        int n = str_utf8(p, &code);
        bool line_start = out->len == 0 || out->text[out->len - 1] == '\n';
        if (line_start && (*p == '.' || *p == '\''))
            str_add(out, "\\&");
        if (*p == '\\')
            str_add(out, "\\e");
        else if (*p == '-')
            str_add(out, "\\-");
        else if (p[0] == '\n' && p[1] == '\n')
            str_add(out, "\n.PP\n"), n = 2;
        else if (n > 1)
            str_printf(out, "\\[u%04X]", code);
        else
            str_addc(out, *p);
        p += n ? n : 1;
    }
}

static void add_line(struct str *out, const char *text)
{
    add_text(out, text);
    str_addc(out, '\n');
}

/* Title line: upper-case name, section 1, no date (the same input gives the same bytes). */
static void add_title(struct str *out, const struct program *p, const char *command, const char *summary)
{
    struct str name = {0}, upper = {0};
    str_printf(&name, "%s%s%s", p->name, command ? "-" : "", command ? command : "");
    for (const char *c = name.text; *c; c++)
        str_addc(&upper, *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c);
    str_printf(out, ".TH %s 1 \"\" \"%s %s\"\n.SH NAME\n", upper.text, p->name, version_number());
    add_text(out, name.text);
    str_add(out, " \\- ");
    add_line(out, summary);
    str_free(&name);
    str_free(&upper);
}

static void add_option(struct str *out, const struct option_row *o)
{
    str_add(out, ".TP\n");
    if (o->letter)
        str_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    str_add(out, "\\fB\\-\\-");
    add_text(out, o->name);
    str_add(out, "\\fR");
    if (o->argument) {
        str_add(out, " \\fI");
        add_text(out, o->argument);
        str_add(out, "\\fR");
    }
    str_addc(out, '\n');
    add_line(out, o->help);
}

static void add_options(struct str *out, const struct option_row *o)
{
    str_add(out, ".SH OPTIONS\n");
    for (; o && o->name; o++)
        add_option(out, o);
    add_option(out, &(struct option_row){'h', "help", NULL, "short help"});
}

static void add_examples(struct str *out, const struct example *e)
{
    for (; e->command; e++) {
        str_add(out, ".TP\n.B ");
        add_line(out, e->command);
        add_line(out, e->text);
    }
}

static void add_verb(struct str *out, const struct program *p, const struct command *v)
{
    str_printf(out, ".SH %s %s\n", p->name, v->name);
    add_line(out, v->summary);
    str_printf(out, ".PP\n.B %s %s\n", p->name, v->name);
    add_line(out, v->usage);
    str_add(out, ".PP\n");
    add_line(out, v->text);
    for (const struct option_row *o = v->options; o && o->name; o++)
        add_option(out, o);
}

static void add_exit_codes(struct str *out)
{
    static const struct {
        int number;
        const char *word, *text;
    } rows[] = {
#define X(name, number, word, text) {number, word, text},
        EXIT_CODE_TABLE(X)
#undef X
    };
    str_add(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str_printf(out, ".TP\n.B %d\n", rows[i].number);
        add_text(out, rows[i].word);
        str_add(out, ": ");
        add_line(out, rows[i].text);
    }
}

void manual_program(const struct program *p, struct str *out)
{
    add_title(out, p, NULL, p->summary);
    str_printf(out, ".SH SYNOPSIS\n.B %s\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] ...\n.SH COMMANDS\n", p->name);
    for (const struct command *const *c = p->commands; *c; c++) {
        str_printf(out, ".TP\n.BR %s\\-%s (1)\n", p->name, (*c)->name);
        add_line(out, (*c)->summary);
    }
    add_options(out, p->options);
    add_exit_codes(out);
    str_add(out, ".SH EXAMPLES\n");
    for (const struct command *const *c = p->commands; *c; c++)
        add_examples(out, (*c)->examples);
}

void manual_command(const struct program *p, const struct command *c, struct str *out)
{
    add_title(out, p, c->name, c->summary);
    str_printf(out, ".SH SYNOPSIS\n.B %s %s\n", p->name, c->name);
    add_line(out, c->usage);
    str_add(out, ".SH DESCRIPTION\n");
    add_line(out, c->text);
    for (const struct command *const *v = c->verbs; v && *v; v++)
        add_verb(out, p, *v);
    if (!c->verbs)
        add_options(out, c->options);
    str_add(out, ".SH EXAMPLES\n");
    add_examples(out, c->examples);
    for (const struct command *const *v = c->verbs; v && *v; v++)
        add_examples(out, (*v)->examples);
    add_exit_codes(out);
    str_printf(out, ".SH SEE ALSO\n.BR %s (1)\n", p->name);
}
