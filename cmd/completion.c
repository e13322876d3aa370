/* completion.c - `xfelx completion`: scripts that teach a shell our commands and options, made from the tables. */
#include "cmd/cli.h"

#include "param/param.h"

#include <string.h>

/* Text inside single quotes of a shell: a quote is written '\'' . */
static void add_quoted(struct str *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\'')
            str_add(out, "'\\''");
        else
            str_addc(out, *text);
}

static void add_words(struct str *out, const struct option_row *o)
{
    for (; o && o->name; o++) {
        str_printf(out, " --%s", o->name);
        if (o->letter)
            str_printf(out, " -%c", o->letter);
    }
}

/* Commands that take parameters (name=value) are those that read parameter files. */
static bool takes_parameters(const struct command *c)
{
    for (const struct option_row *o = c->options; o && o->name; o++)
        if (strcmp(o->name, "phil") == 0)
            return true;
    return false;
}

/* Full names of the parameters, one a line; members of multiple scopes have no name that could be assigned alone. */
static void add_parameters(struct str *out)
{
    size_t n;
    const struct param_row *rows = param_rows(&n);
    for (size_t i = 0; i < n; i++)
        if (!strstr(rows[i].path, "[]"))
            str_printf(out, "%s\n", rows[i].path);
}

static void bash_options(struct str *out, const struct command *c)
{
    str_printf(out, "%s) words='--help", command_word(c));
    add_words(out, c->options);
    str_printf(out, "'%s ;;\n", takes_parameters(c) ? " parameters=1" : "");
}

static void add_verbs(struct str *out, const struct command *c)
{
    for (const struct command *const *v = c->verbs; *v; v++)
        str_printf(out, "%s%s", v == c->verbs ? "" : " ", command_word(*v));
}

static void bash_verbs(struct str *out, const struct command *c)
{
    str_printf(out, "        %s) case $COMP_CWORD:${COMP_WORDS[2]} in 2:*) names=1 words='", c->name);
    add_verbs(out, c);
    str_add(out, " --help' ;;\n");
    for (const struct command *const *v = c->verbs; *v; v++) {
        str_add(out, "        *:");
        bash_options(out, *v);
    }
    str_add(out, "        esac ;;\n");
}

static void bash(const struct program *p, struct str *out)
{
    str_printf(out, "_%s_parameters='\n", p->name);
    add_parameters(out);
    str_printf(
        out,
        "'\n_%s() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words names= parameters=\n    COMPREPLY=()\n"
        "    if [ \"$COMP_CWORD\" = 1 ]; then\n",
        p->name);
    str_add(out, "        names=1 words='");
    for (const struct command *const *c = p->commands; *c; c++)
        str_printf(out, "%s%s", c == p->commands ? "" : " ", (*c)->name);
    add_words(out, p->options);
    str_add(out, " --help'\n    else\n        case ${COMP_WORDS[1]} in\n");
    for (const struct command *const *c = p->commands; *c; c++) {
        if ((*c)->verbs)
            bash_verbs(out, *c);
        else
            str_add(out, "        "), bash_options(out, *c);
    }
    /* nothing found: bash offers files by itself (-o default) */
    str_printf(out,
               "        esac\n    fi\n    case $names:$cur:$parameters in\n"
               "    1:* | *:-*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
               "    *:?*:1)\n        COMPREPLY=($(compgen -S = -W \"$_%s_parameters\" -- \"$cur\"))\n"
               "        [ ${#COMPREPLY[@]} = 0 ] || { compopt -o nospace; COMPREPLY+=($(compgen -f -- "
               "\"$cur\")); }\n"
               "        ;;\n    esac 2>/dev/null\n}\n",
               p->name);
    str_printf(out, "complete -o default -F _%s %s\n", p->name, p->name);
}

/* '--name[help]:VALUE:_files' for _arguments; brackets and colons of the text would end it. */
static void zsh_option(struct str *out, const struct option_row *o, bool letter)
{
    str_printf(out, letter ? " \\\n            '-%.*s[" : " \\\n            '--%.*s[", letter ? 1 : 99,
               letter ? &o->letter : o->name);
    struct str help = {0};
    add_quoted(&help, o->help);
    for (const char *c = help.text ? help.text : ""; *c; c++)
        str_printf(out, strchr("[]:", *c) ? "\\%c" : "%c", *c);
    str_free(&help);
    str_add(out, "]");
    if (o->argument)
        str_printf(out, ":%s:_files", o->argument);
    str_add(out, "'");
}

static void zsh_command(struct str *out, const struct program *p, const struct command *c)
{
    str_printf(out, "    %s)\n        _arguments '1:command:'%s", command_word(c),
               strchr(c->name, ' ') ? " '2:verb:'" : "");
    for (const struct option_row *o = c->options; o && o->name; o++) {
        zsh_option(out, o, false);
        if (o->letter)
            zsh_option(out, o, true);
    }
    str_add(out, " \\\n            '--help[this text]' '*:file:");
    if (takes_parameters(c))
        str_printf(out, "_%s_inputs'\n        ;;\n", p->name);
    else
        str_add(out, "_files'\n        ;;\n");
}

static void zsh_verbs(struct str *out, const struct program *p, const struct command *c)
{
    str_printf(out, "    %s)\n        if ((CURRENT == 3)); then\n            compadd ", c->name);
    add_verbs(out, c);
    str_add(out, "\n            return\n        fi\n        case $words[3] in\n");
    for (const struct command *const *v = c->verbs; *v; v++)
        zsh_command(out, p, *v);
    str_add(out, "        esac\n        ;;\n");
}

static void zsh(const struct program *p, struct str *out)
{
    str_printf(out, "#compdef %s\n_%s_inputs() {\n    local -a parameters\n    parameters=(\n", p->name,
               p->name);
    add_parameters(out);
    str_printf(
        out,
        "    )\n    _alternative 'files:file:_files' 'parameters:parameter:compadd -S = -a parameters'\n}\n"
        "_%s() {\n    local -a commands\n    commands=(\n",
        p->name);
    for (const struct command *const *c = p->commands; *c; c++) {
        str_printf(out, "        '%s:", (*c)->name);
        add_quoted(out, (*c)->summary);
        str_add(out, "'\n");
    }
    str_printf(
        out,
        "    )\n    if ((CURRENT == 2)); then\n        _describe command commands\n        return\n    fi\n"
        "    case $words[2] in\n");
    for (const struct command *const *c = p->commands; *c; c++) {
        if ((*c)->verbs)
            zsh_verbs(out, p, *c);
        else
            zsh_command(out, p, *c);
    }
    str_printf(out, "    esac\n}\ncompdef _%s %s\n", p->name, p->name);
}

/* more: a further condition, "; and …". */
static void fish_command(struct str *out, const struct program *p, const struct command *c, const char *more)
{
    int first = (int)strcspn(c->name, " ");
    if (takes_parameters(c))
        str_printf(out, "complete -c %s -n '__fish_seen_subcommand_from %.*s%s' -a '(__%s_parameters)'\n",
                   p->name, first, c->name, more, p->name);
    for (const struct option_row *o = c->options; o && o->name; o++) {
        str_printf(out, "complete -c %s -n '__fish_seen_subcommand_from %.*s%s' -l %s%s", p->name, first,
                   c->name, more, o->name, o->argument ? " -r" : "");
        if (o->letter)
            str_printf(out, " -s %c", o->letter);
        str_add(out, " -d '");
        add_quoted(out, o->help);
        str_add(out, "'\n");
    }
}

static void fish_verbs(struct str *out, const struct program *p, const struct command *c)
{
    for (const struct command *const *v = c->verbs; *v; v++) {
        struct str more = {0};
        str_printf(out,
                   "complete -c %s -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from ",
                   p->name, c->name);
        add_verbs(out, c);
        str_printf(out, "' -f -a %s -d '", command_word(*v));
        add_quoted(out, (*v)->summary);
        str_add(out, "'\n");
        str_printf(&more, "; and __fish_seen_subcommand_from %s", command_word(*v));
        fish_command(out, p, *v, more.text);
        str_free(&more);
    }
}

static void fish(const struct program *p, struct str *out)
{
    str_printf(out, "function __%s_parameters\n    string replace -r '$' '=' -- (string split \\n '",
               p->name);
    add_parameters(out);
    str_add(out, "')\nend\n");
    for (const struct command *const *c = p->commands; *c; c++) {
        str_printf(out, "complete -c %s -n __fish_use_subcommand -f -a %s -d '", p->name, (*c)->name);
        add_quoted(out, (*c)->summary);
        str_add(out, "'\n");
        if ((*c)->verbs)
            fish_verbs(out, p, *c);
        else
            fish_command(out, p, *c, "");
    }
}

static const struct {
    const char *name;
    void (*write)(const struct program *p, struct str *out);
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

static int run(struct cli *cli)
{
    struct error err = {0};
    if (!cli_operands(cli, 1, 1, "the name of a shell: bash, zsh or fish", &err))
        return cli_misuse(cli, &err);
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(cli->operands[0], shells[i].name) == 0) {
            struct str text = {0};
            shells[i].write(cli->program, &text);
            cli_print(&text);
            str_free(&text);
            return EXIT_CODE_DONE;
        }
    error_set(&err, ERROR_USAGE, "no completion is known for the shell \"%s\"", cli->operands[0]);
    error_hint(&err, "bash, zsh and fish are");
    return cli_fail(&err);
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print a script that completes commands and options in a shell",
    .usage = "bash|zsh|fish",
    .text = "Prints a script for the named shell. Once the shell has read it, the tab key completes the "
            "commands and options of "
            "this program.",
    .examples =
        (const struct example[]){
            {"source <(xfelx completion bash)", "completion in this shell, from now on"},
            {"xfelx completion zsh >~/.zfunc/_xfelx", "for every zsh to come, with ~/.zfunc in fpath"},
            {"xfelx completion fish >~/.config/fish/completions/xfelx.fish", "for every fish to come"},
            {0},
        },
    .run = run,
};
