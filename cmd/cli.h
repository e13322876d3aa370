/* cli.h - what every command is made of: a row of text and a function.
 *
 * A command lives in one file cmd/NAME.c that exports `const struct command command_NAME`, and is a row of the table in
 * main.c. Its options are a table; help, manual page, completion and "did you mean" are made from these tables and from
 * nothing else.
 *
 * A run function reads its options (cli_has, cli_value, cli_int …) and operands, prints its result on stdout, and returns
 * an exit code of the table below; an error that came up is handed to cli_fail, which prints it and knows the code:
 *
 *     struct source *s;
 *     if (!source_open(cli->operands[0], NULL, &s, &err))
 *         return cli_fail(&err);
 *
 * Results are built in a struct str and printed by cli_print. Nobody below main checks whether stdout can be written: main
 * does at the end, once, for all.
 */
#ifndef XFELX_CMD_CLI_H
#define XFELX_CMD_CLI_H

#include "base/base.h"

/* Exit codes (WORDS 1). Never others: schedulers and shells have meanings for many. */
#define EXIT_CODE_TABLE(X)                                                                                   \
    X(DONE, 0, "done",                                                                                       \
      "what was asked is done; for process also when some frames failed: the last line counts them")         \
    X(FAILED, 1, "failed", "it could not be done, or the output could not be written")                       \
    X(USAGE, 2, "wrong use",                                                                                 \
      "wrong, missing or contradictory option, parameter or settings file; nothing was touched")             \
    X(ALARM, 3, "alarm", "status only: an alarm is standing")                                                \
    X(STALE, 4, "stale", "status only: the newest number of a live run is older than 60 s")                  \
    X(UNFINISHED, 75, "not finished",                                                                        \
      "stopped in good order before the end (deadline, signal, full disk): run it again to go on")
#define X(name, number, word, text) EXIT_CODE_##name = number,
enum exit_code { EXIT_CODE_TABLE(X) };
#undef X

struct option_row {
    char letter;          /* 'j', or 0: none */
    const char *name;     /* long name without the dashes */
    const char *argument; /* word for its value in help ("FILE"); NULL: a switch */
    const char *help;     /* one or two sentences, no final stop needed */
};

/* What may not be given together, and what means nothing alone. Words are long names, parted by blanks. A combination that would leave an
 * option without effect belongs here: nothing that somebody typed is ignored in silence. */
struct option_rule {
    const char *options; /* each of these, where it is given, … */
    const char *needs;   /* … wants one of these; NULL: none */
    const char *without; /* … and is refused with any of these other than itself; NULL: goes with all */
    const char *why;     /* the whole message; NULL: the names say enough */
};

struct example {
    const char *command; /* as typed: "xfelx image shot.cbf" */
    const char *text;    /* what it does */
};

struct cli;

struct command {
    const char *name;
    const char *summary; /* one line, starts small, no stop: "show what is understood of an image file" */
    const char *usage;   /* what follows the name: "[OPTIONS] FILE..." */
    const char *text;    /* description; paragraphs separated by an empty line */
    const struct option_row *options; /* ends with {0}; NULL: none. --help is there without being named */
    const struct option_rule
        *rules;                     /* ends with {0}; NULL: all go together. Looked at before run is called */
    const struct example *examples; /* ends with {0}; at least one */
    bool tells_alarms;              /* ends with the codes 3 and 4 too */
    int (*run)(struct cli *cli);    /* returns an exit code; NULL with verbs */
    const void *own;                /* what run wants to know besides, as a struct book_verb */
    /* A command of several words: rows named "db init", "db status" …, each with options of its own. Ends with NULL. */
    const struct command *const *verbs;
};

/* The whole program: its name and commands. */
struct program {
    const char *name;
    const char *summary;
    const struct command *const *commands; /* ends with NULL */
    const struct option_row *options;      /* of the program itself, ends with {0} */
};

/* One command line, parsed. */
struct cli {
    const struct program *program;
    const struct command *command;
    char **operands; /* what is no option, in order; all that follows "--" */
    size_t n_operands;
    struct cli_given *given; /* options in the order of the command line; use the functions below */
    size_t n_given;
    bool help;          /* --help or -h was given */
    struct arena arena; /* lives as long as the command runs */
};

/* Parse the words behind the command's name. Long options are written whole, "--name value" or "--name=value"; letters may
 * be joined ("-vj4"). Options and operands mix. false: ERROR_USAGE with the nearest option in the hint. */
bool cli_parse(struct cli *cli, int argc, char **argv, struct error *err);

/* Are the rules of the command kept? false: ERROR_USAGE names the two options. */
bool cli_keeps_rules(const struct cli *cli, struct error *err);

/* Options by long name; the name must be in the command's table (else the program ends: a bug). */
bool cli_has(const struct cli *cli, const char *name);
/* the last one given */
const char *cli_value(const struct cli *cli, const char *name, const char *otherwise);
size_t cli_values(struct cli *cli, const char *name, const char *const **values); /* all of them, in order */

/* A whole or real number in lo … hi; *out = otherwise when the option is not given. false: ERROR_USAGE, named. */
bool cli_int(const struct cli *cli, const char *name, int64_t lo, int64_t hi, int64_t otherwise, int64_t *out,
             struct error *err);
bool cli_real(const struct cli *cli, const char *name, double lo, double hi, double otherwise, double *out,
              struct error *err);

/* Require lo … hi operands, called `what` ("FILE") in the message. */
bool cli_operands(const struct cli *cli, size_t lo, size_t hi, const char *what, struct error *err);

/* Write text to stdout and remember when that fails. Also printf may be used; main looks at both in the end. */
void cli_print(const struct str *text);

/* The same for text for people: where the locale is not of UTF-8 (LC_ALL, LC_CTYPE, LANG), it is written in ASCII: cli_ascii replaces
 * our own letters by their like (Å by A, × by x, marks of plots by # and -) and others, as in names, by ?. */
void cli_print_text(struct str *text);
void cli_ascii(struct str *text);
bool cli_has_utf8(void);

/* The exit code after all of stdout was written: `code`, or 1 with a message when it could not be. A reader that has seen
 * enough (| head) is no failure. */
int cli_finish(int code);

/* Print an error on stderr: "error: FACT", "detail: …", "hint: …"; colours only on a terminal. Returns its exit code. */
int cli_fail(const struct error *err);

/* The command line is wrong: as cli_fail, with the usage of the command as hint when there is none. */
int cli_misuse(const struct cli *cli, struct error *err);

/* Exit code that an error leads to: USAGE 2, NO_SPACE 75, else 1. */
int cli_exit_code(const struct error *err);

/* The name of `names` that is closest to a mistyped word; NULL: none is near (more than a third of the letters differ). */
const char *cli_nearest(const char *word, const char *const *names, size_t n);

const struct command *program_command(const struct program *p, const char *name); /* NULL: there is none */
const char *command_word(const struct command *c); /* the last word of its name: "init" of "db init" */

/* Run a whole command line: options of the program, then the command. What main returns. */
int program_run(const struct program *p, int argc, char **argv);

/* Text made from the tables (help.c, manual.c). Width in columns. */
void help_program(const struct program *p, struct str *out);
void help_command(const struct program *p, const struct command *c, struct str *out);
/* paragraphs, UTF-8; ends with a newline */
void help_wrap(struct str *out, size_t indent, size_t width, const char *text);
void manual_program(const struct program *p, struct str *out); /* roff (man macros) */
void manual_command(const struct program *p, const struct command *c, struct str *out);

/* Version, commit, libraries, kernels (version.c); licence texts of everything in the binary. */
void version_text(struct str *out);
const char *version_number(void); /* "0.1.0" */
const char *version_commit(void);
void version_licenses(struct str *out);

#endif
