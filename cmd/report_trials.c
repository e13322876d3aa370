/* report_trials.c - trials side by side; see report_trials.h. */
#include "cmd/report_trials.h"

#include "report/report.h"

#include <string.h>

/* "3,5": the first is what the others are held against, so their order stays. */
static bool read_trials(struct cli *cli, uint32_t trials[PAIRED_MOST], size_t *n, struct error *err)
{
    const char *word = cli_value(cli, "trials", "");
    *n = 0;
    for (const char *p = word; *p; p += strcspn(p, ","), p += *p == ',') {
        int64_t num;
        char *one = arena_strdup(&cli->arena, p);
        one[strcspn(one, ",")] = 0;
        if (*n == PAIRED_MOST || !str_to_i64(one, &num) || num < 0 || num > UINT32_MAX)
            return error_set(err, ERROR_USAGE, "--trials takes two to %d numbers of trials (3,5), not \"%s\"",
                             PAIRED_MOST, word);
        trials[(*n)++] = (uint32_t)num;
    }
    return true;
}

static void put_json(const struct paired *p, struct str *out)
{
    struct json_writer w = {.out = out, .indent = 2};
    json_object(&w, NULL);
    json_put_int(&w, "version", 1);
    paired_json(p, &w);
    json_end_object(&w);
    str_addc(out, '\n');
}

bool report_trials(struct cli *cli, struct store *s, const int64_t *runs, size_t n_runs, struct error *err)
{
    uint32_t trials[PAIRED_MOST];
    size_t n;
    struct paired p;
    struct str out = {0};
    if (!read_trials(cli, trials, &n, err) ||
        !paired_read(s, trials, n, runs, n_runs, UINT64_MAX, &cli->arena, &p, err))
        return false;
    (cli_has(cli, "json") ? put_json : cli_has(cli, "csv") ? paired_csv : paired_text)(&p, &out);
    cli_print(&out);
    str_free(&out);
    return true;
}
