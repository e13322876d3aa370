/* task.c - custom tasks: the first line of a task's text is a command for sh, the rest its parameters (as phenix tasks of cctbx.xfel).
 *
 * Fields become shell expressions, never values: names of people and paths reach the command as arguments and variables only, so
 * that nothing in them is ever read by a shell.
 */
#include "cycle/script.h"

#include <string.h>

// clang-format off
static const struct {
    const char *field, *expression, *text;
} fields[] = {
    {"input", "$1", "folder with the files of the task before it"},
    {"inputs", "$@", "such folders of all runs of a dataset"},
    {"phil", "$XFELX_TASK_PHIL", "file with the task's parameters: what follows the first line"},
    {"run", "$XFELX_TASK_RUN", "name of the run"},
    {"trial", "$XFELX_TASK_TRIAL", "number of the trial"},
    {"dataset", "$XFELX_TASK_DATASET", "name of the dataset"},
    {"version", "$XFELX_TASK_VERSION", "version of the dataset"},
    {"folder", "$PWD", "folder of the results"},
    /* cctbx.xfel's */
    {"PREVIOUS_TASK_FOLDER", "$1", "as input"},
    {"PREVIOUS_TASK_MTZ", "$(ls \"$1\"/*_all.mtz)", "merged data of the task before it"},
    {"DATASET_NAME", "$XFELX_TASK_DATASET", "as dataset"},
    {"DATASET_VERSION", "$XFELX_TASK_VERSION", "as version"},
};
// clang-format on

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Length of "<name>" at text; 0: it is none, but a redirection of the shell. */
static size_t field_length(const char *text, size_t left)
{
    size_t n = 1;
    while (n < left && is_letter(text[n]))
        n++;
    return n > 1 && n < left && text[n] == '>' ? n + 1 : 0;
}

/* The expression in the quotes that it stands in: none, " or '. */
static void add_expression(struct str *out, const char *expression, char quote)
{
    const char *open = quote == '"' ? "" : quote == '\'' ? "'\"" : "\"";
    const char *close = quote == '"' ? "" : quote == '\'' ? "\"'" : "\"";
    str_printf(out, "%s%s%s", open, expression, close);
}

static bool add_field(struct str *out, const char *name, size_t n, char quote, struct error *err)
{
    struct str known = {0};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strlen(fields[i].field) == n && memcmp(fields[i].field, name, n) == 0) {
            str_free(&known);
            return add_expression(out, fields[i].expression, quote), true;
        }
        str_printf(&known, " <%s>", fields[i].field);
    }
    error_set(err, ERROR_USAGE, "the command of a task has an unknown field <%.*s>", (int)n, name);
    error_hint(err, "fields:%s", known.text);
    str_free(&known);
    return false;
}

bool task_command(const char *text, struct str *out, struct error *err)
{
    size_t n = strcspn(text, "\r\n"), before = out->len;
    char quote = 0;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        size_t field = c == '<' ? field_length(text + i, n - i) : 0;
        if (field) {
            if (!add_field(out, text + i + 1, field - 2, quote, err))
                return false;
            i += field - 1;
            continue;
        }
        if (c == '\\' && quote != '\'' && i + 1 < n)
            str_addc(out, text[i++]);
        else if (c == quote)
            quote = 0;
        else if (!quote && (c == '"' || c == '\''))
            quote = c;
        str_addc(out, text[i]);
    }
    if (out->len == before || strspn(text, " \t") == n)
        return error_set(err, ERROR_USAGE, "the task has no command"),
               error_hint(err, "the first line of its text is the command, what follows its parameters");
    return !quote || error_set(err, ERROR_USAGE, "the command of the task has a quote that is not closed");
}

const char *task_parameters(const char *text)
{
    text += strcspn(text, "\n");
    return *text ? text + 1 : text;
}
