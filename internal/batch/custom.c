/* custom.c - a scheduler that is three commands of the user (settings custom.*): here, or over ssh on another machine (FACILITY 6.6).
 *
 * The commands are run by sh with their fields in angle brackets filled in and quoted: <script> <folder> <name> (submit), <ids> (status:
 * all that are asked for, blanks between), <name> (status, when a lost answer is looked for: <ids> is empty then), <id> (cancel).
 * <script_twice> is quoted for two shells, as ssh needs it. */
#include "batch/command.h"
#include "batch/text.h"

#include <regex.h>
#include <string.h>

static const char usual_id[] = "[0-9][0-9A-Za-z_.]*";
static const char usual_state[] = "^[ \t]*([^ \t|,]+)[ \t|,]+([^ \t|,]+)[ \t|,]*(-?[0-9]*)";

/* Words of many schedulers, any case: Slurm's long and short ones, HTCondor's numbers, Flux. */
static const struct state_word states[] = {
    {"queued", ATTEMPT_QUEUED, 0},
    {"pending", ATTEMPT_QUEUED, 0},
    {"pend", ATTEMPT_QUEUED, 0},
    {"idle", ATTEMPT_QUEUED, 0},
    {"waiting", ATTEMPT_QUEUED, 0},
    {"submitted", ATTEMPT_QUEUED, 0},
    {"depend", ATTEMPT_QUEUED, 0},
    {"priority", ATTEMPT_QUEUED, 0},
    {"sched", ATTEMPT_QUEUED, 0},
    {"pd", ATTEMPT_QUEUED, 0},
    {"q", ATTEMPT_QUEUED, 0},
    {"w", ATTEMPT_QUEUED, 0},
    {"1", ATTEMPT_QUEUED, 0},
    {"held", ATTEMPT_BLOCKED, 0},
    {"hold", ATTEMPT_BLOCKED, 0},
    {"h", ATTEMPT_BLOCKED, 0},
    {"5", ATTEMPT_BLOCKED, 0},
    {"configuring", ATTEMPT_STARTING, 0},
    {"starting", ATTEMPT_STARTING, 0},
    {"cf", ATTEMPT_STARTING, 0},
    {"running", ATTEMPT_RUNNING, 0},
    {"run", ATTEMPT_RUNNING, 0},
    {"active", ATTEMPT_RUNNING, 0},
    {"r", ATTEMPT_RUNNING, 0},
    {"2", ATTEMPT_RUNNING, 0},
    {"6", ATTEMPT_RUNNING, 0},
    {"suspended", ATTEMPT_SUSPENDED, 0},
    {"s", ATTEMPT_SUSPENDED, 0},
    {"7", ATTEMPT_SUSPENDED, 0},
    {"completing", ATTEMPT_ENDING, 0},
    {"exiting", ATTEMPT_ENDING, 0},
    {"cleanup", ATTEMPT_ENDING, 0},
    {"cg", ATTEMPT_ENDING, 0},
    {"e", ATTEMPT_ENDING, 0},
    {"done", ATTEMPT_ENDED, END_OK},
    {"completed", ATTEMPT_ENDED, END_OK},
    {"complete", ATTEMPT_ENDED, END_OK},
    {"succeeded", ATTEMPT_ENDED, END_OK},
    {"cd", ATTEMPT_ENDED, END_OK},
    {"finished", ATTEMPT_ENDED, END_NONE}, /* how: its exit code, else our own record */
    {"ended", ATTEMPT_ENDED, END_NONE},
    {"exited", ATTEMPT_ENDED, END_NONE},
    {"inactive", ATTEMPT_ENDED, END_NONE},
    {"c", ATTEMPT_ENDED, END_NONE},
    {"f", ATTEMPT_ENDED, END_NONE},
    {"x", ATTEMPT_ENDED, END_NONE},
    {"4", ATTEMPT_ENDED, END_NONE},
    {"failed", ATTEMPT_ENDED, END_EXIT},
    {"error", ATTEMPT_ENDED, END_EXIT},
    {"exit", ATTEMPT_ENDED, END_EXIT},
    {"cancelled", ATTEMPT_ENDED, END_CANCELLED},
    {"canceled", ATTEMPT_ENDED, END_CANCELLED},
    {"removed", ATTEMPT_ENDED, END_CANCELLED},
    {"deleted", ATTEMPT_ENDED, END_CANCELLED},
    {"ca", ATTEMPT_ENDED, END_CANCELLED},
    {"3", ATTEMPT_ENDED, END_CANCELLED},
    {"timeout", ATTEMPT_ENDED, END_TIMEOUT},
    {"to", ATTEMPT_ENDED, END_TIMEOUT},
    {"out_of_memory", ATTEMPT_ENDED, END_MEMORY},
    {"node_fail", ATTEMPT_ENDED, END_NODE},
    {"preempted", ATTEMPT_ENDED, END_PREEMPTED},
    {0},
};

/* ---- regular expressions of the user ---- */

static bool compile(regex_t *r, const char *setting, const char *text, int groups, struct error *err)
{
    char says[128];
    int code = regcomp(r, text, REG_EXTENDED | REG_NEWLINE);
    if (code == 0 && (int)r->re_nsub >= groups)
        return true;
    if (code == 0) {
        regfree(r);
        return error_set(err, ERROR_USAGE, "%s needs %s in brackets", setting, COUNT(groups, "group"));
    }
    regerror(code, r, says, sizeof says);
    error_set(err, ERROR_USAGE, "%s cannot be read", setting);
    return error_detail(err, "%s: %s", text, says);
}

static struct piece group(const char *text, const regmatch_t *m)
{
    return m->rm_so < 0 ? (struct piece){text, 0}
                        : (struct piece){text + m->rm_so, (size_t)(m->rm_eo - m->rm_so)};
}

/* ---- commands ---- */

static const struct batch_custom *commands_of(const struct batch_site *s, const char *command,
                                              const char *setting, struct error *err)
{
    if (s->custom && command)
        return s->custom;
    error_set(err, ERROR_USAGE, "%s is not set", setting);
    error_hint(err, "mp.method=custom needs the commands custom.submit, custom.status and custom.cancel");
    return NULL;
}

static bool run(const struct batch_site *s, const char *setting, const char *command,
                const struct shell_field *fields, size_t n, struct child_answer *a, struct error *err)
{
    struct command_line c = {0};
    struct str line = {0};
    *a = (struct child_answer){0};
    bool good = shell_fill(&line, setting, command, fields, n, err);
    if (good) {
        command_add_all(&c, (const char *const[]){"sh", "-c", answer_text(&line), NULL});
        good = command_run(s, &c, NULL, NULL, a, err);
    }
    str_free(&line);
    command_free(&c);
    return good;
}

static bool says_failed(const char *setting, const struct child_answer *a, struct error *err)
{
    char says[400];
    command_says(a, says, sizeof says);
    error_set(err, ERROR_FAILED, "%s failed", setting);
    return error_detail(err, "%s", says);
}

static char *quoted(struct arena *a, const char *text, int times)
{
    char *out = arena_strdup(a, text);
    while (times-- > 0) {
        struct str s = {0};
        shell_quote(&s, out);
        out = arena_strdup(a, answer_text(&s));
        str_free(&s);
    }
    return out;
}

static bool submit(const struct batch_site *s, const char *script, struct batch_answer *out,
                   struct error *err)
{
    const struct batch_custom *custom =
        commands_of(s, s->custom ? s->custom->submit : NULL, "custom.submit", err);
    struct arena a = {0};
    struct child_answer answer;
    regex_t id;
    regmatch_t m[2];
    *out = (struct batch_answer){.verdict = BATCH_UNCLEAR};
    if (!custom || !compile(&id, "custom.id_regex", custom->id_regex ? custom->id_regex : usual_id, 0, err))
        return false;
    const struct shell_field fields[] = {{"script", script, false},
                                         {"script_twice", quoted(&a, script, 2), true},
                                         {"folder", fs_folder(&a, script), false},
                                         {"name", fs_stem(&a, script), false}};
    bool good = run(s, "custom.submit", custom->submit, fields, sizeof fields / sizeof *fields, &answer, err);
    if (good && answer.exit_code == 0 && regexec(&id, answer_text(&answer.out), 2, m, 0) == 0) {
        piece_copy(group(answer.out.text, &m[id.re_nsub > 0]), out->id, sizeof out->id);
        out->verdict = *out->id ? BATCH_ACCEPTED : BATCH_UNCLEAR;
    } else if (good) {
        out->verdict = answer.exit_code > 0 ? BATCH_REFUSED : BATCH_UNCLEAR;
        command_says(&answer, out->text, sizeof out->text);
    }
    child_answer_free(&answer);
    regfree(&id);
    arena_free(&a);
    return good;
}

static void add_row(const char *text, const regmatch_t *m, struct batch_table *out)
{
    struct batch_job *row = batch_table_add(out);
    struct piece word = group(text, &m[2]), code = group(text, &m[3]);
    char lower[64];
    piece_copy(group(text, &m[1]), row->id, sizeof row->id);
    piece_copy(word, lower, sizeof lower);
    for (char *p = lower; *p; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p;
    set_state(row, states, (struct piece){lower, strlen(lower)});
    piece_copy(word, row->raw, sizeof row->raw);
    if (row->state == ATTEMPT_ENDED && code.n &&
        (row->end == END_NONE || row->end == END_OK || row->end == END_EXIT))
        set_exit(row, (int)piece_int(code, 0));
}

/* A line a job; what is no such line (banners of a login, headings) is passed over. */
static bool ask(const struct batch_site *s, const char *ids, const char *name, struct batch_table *out,
                struct error *err)
{
    const struct batch_custom *custom =
        commands_of(s, s->custom ? s->custom->status : NULL, "custom.status", err);
    struct child_answer answer;
    regex_t state;
    regmatch_t m[4];
    if (!custom || !compile(&state, "custom.state_regex",
                            custom->state_regex ? custom->state_regex : usual_state, 2, err))
        return false;
    const struct shell_field fields[] = {{"ids", ids, true}, {"name", name, false}};
    bool good = run(s, "custom.status", custom->status, fields, 2, &answer, err);
    bool any = false;
    for (const char *text = answer_text(&answer.out); good && regexec(&state, text, 4, m, 0) == 0;) {
        if (m[1].rm_so >= 0 && m[2].rm_so >= 0)
            add_row(text, m, out), any = true;
        text += m[0].rm_eo + (m[0].rm_eo == m[0].rm_so && text[m[0].rm_eo]);
        text += strcspn(text, "\n"); /* one a line */
        if (!*text)
            break;
    }
    if (good && answer.exit_code != 0 && !any)
        good = says_failed("custom.status", &answer, err);
    child_answer_free(&answer);
    regfree(&state);
    return good;
}

static bool status(const struct batch_site *s, const char *const *ids, size_t n, struct batch_table *out,
                   struct error *err)
{
    struct arena a = {0};
    struct batch_table all = {.arena = &a};
    struct str list = {0};
    for (size_t i = 0; i < n; i++) {
        str_add(&list, i ? " " : "");
        shell_quote(&list, ids[i]);
    }
    bool good = n == 0 || ask(s, answer_text(&list), "", &all, err);
    for (size_t i = 0; good && i < n; i++) {
        const struct batch_job *job = batch_table_find(&all, ids[i]);
        if (job)
            *batch_table_add(out) = *job;
    }
    str_free(&list);
    arena_free(&a);
    return good;
}

/* Only a status command that knows names can tell; else nothing is found. */
static bool find(const struct batch_site *s, const char *name, int64_t since, struct batch_table *out,
                 struct error *err)
{
    (void)since;
    const char *command = s->custom ? s->custom->status : NULL;
    return (command && !strstr(command, "<name>")) || ask(s, "", name, out, err);
}

static bool cancel(const struct batch_site *s, const char *id, struct error *err)
{
    const struct batch_custom *custom =
        commands_of(s, s->custom ? s->custom->cancel : NULL, "custom.cancel", err);
    struct child_answer answer;
    if (!custom)
        return false;
    const struct shell_field fields[] = {{"id", id, false}};
    bool good = run(s, "custom.cancel", custom->cancel, fields, 1, &answer, err);
    if (good && answer.exit_code != 0)
        good = says_failed("custom.cancel", &answer, err);
    child_answer_free(&answer);
    return good;
}

const struct batch_ops batch_own = {"custom", "commands of your own", submit, status, find, cancel};
