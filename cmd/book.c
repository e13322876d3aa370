/* book.c - opening the database, and what people name; see book.h. What is printed: book_say.c. */
#include "cmd/book.h"

#include "cmd/database.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- opening ---- */

bool book_settings(struct cli *cli, struct params **out, struct error *err)
{
    const char *const *set = NULL;
    struct params *p = params_make(&cli->arena);
    size_t n = cli_values(cli, "set", &set);
    if (!params_load_settings(p, cli_value(cli, "config", NULL), err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!params_merge_argument(p, set[i], err))
            return false;
    *out = p;
    return true;
}

struct store_by book_user(struct arena *a)
{
    struct passwd *p = getpwuid(geteuid());
    const char *name = p && p->pw_name && *p->pw_name ? arena_strdup(a, p->pw_name)
                                                      : arena_printf(a, "uid %lld", (long long)geteuid());
    /* the watcher does for somebody what a page asked for (cycle/requests.c) */
    const char *asked_by = getenv("XFELX_ASKED_BY");
    return asked_by && *asked_by ? (struct store_by){asked_by, STORE_VIA_WEB}
                                 : (struct store_by){name, STORE_VIA_COMMAND};
}

static bool has_option(const struct cli *cli, const char *name)
{
    for (const struct option_row *o = cli->command->options; o && o->name; o++)
        if (!strcmp(o->name, name))
            return cli_has(cli, name);
    return false;
}

bool book_open(struct cli *cli, bool read_only, struct book *out, struct error *err)
{
    struct store_options o;
    *out = (struct book){.cli = cli, .a = &cli->arena, .json = has_option(cli, "json")};
    out->by = book_user(out->a);
    return book_settings(cli, &out->params, err) &&
           database_options_at(cli, out->params, cli_value(cli, "in", NULL), &o, err) &&
           store_open_existing(&o, read_only, false, &out->store, err);
}

int book_end(struct book *b, bool ok, struct error *err)
{
    if (ok)
        cli_print(&b->out);
    str_free(&b->out);
    store_close(b->store);
    return ok ? EXIT_CODE_DONE : cli_fail(err);
}

int book_run(struct cli *cli)
{
    const struct book_verb *v = cli->command->own;
    struct error err = {0};
    struct book b;
    if (!cli_operands(cli, v->least, v->most, v->what, &err))
        return cli_misuse(cli, &err);
    bool ok = book_open(cli, v->access == BOOK_READS, &b, &err) && v->does(&b, &err);
    return book_end(&b, ok, &err);
}

/* ---- what people name ---- */

static bool need_some(const struct book *b, size_t n, const char *what, struct error *err)
{
    return n > 0 || error_set(err, ERROR_USAGE, "%s needs the number of a %s", b->cli->command->name, what);
}

bool book_runs(struct book *b, size_t n, int64_t **runs, size_t *n_runs, struct error *err)
{
    return need_some(b, n, "run", err) &&
           store_find_runs(b->store, (const char *const *)b->cli->operands, n, b->a, runs, n_runs, err);
}

static bool expand(struct book *b, const char *const *words, size_t n, const char *what, int64_t most,
                   int64_t **out, size_t *n_out, struct error *err)
{
    enum { MOST = 100000 };
    struct store_range *r;
    size_t n_ranges;
    int64_t count = 0;
    if (!store_ranges(words, n, what, b->a, &r, &n_ranges, err))
        return false;
    for (size_t i = 0; i < n_ranges; i++) {
        if (r[i].last > most || r[i].last - r[i].first >= MOST - count)
            return error_set(err, ERROR_USAGE, "there are not so many %ss", what);
        count += r[i].last - r[i].first + 1;
    }
    *out = arena_array(b->a, (size_t)count, sizeof **out);
    *n_out = 0;
    for (size_t i = 0; i < n_ranges; i++)
        for (int64_t k = r[i].first; k <= r[i].last; k++)
            (*out)[(*n_out)++] = k;
    return true;
}

bool book_numbers(struct book *b, size_t n, const char *what, int64_t **numbers, size_t *n_numbers,
                  struct error *err)
{
    return need_some(b, n, what, err) &&
           expand(b, (const char *const *)b->cli->operands, n, what, INT64_MAX / 2, numbers, n_numbers, err);
}

static bool as_trials(struct book *b, const char *const *words, size_t n, uint32_t **nums, size_t *n_nums,
                      struct error *err)
{
    int64_t *numbers;
    if (!expand(b, words, n, "trial", UINT32_MAX, &numbers, n_nums, err))
        return false;
    *nums = arena_array(b->a, *n_nums, sizeof **nums);
    for (size_t i = 0; i < *n_nums; i++)
        (*nums)[i] = (uint32_t)numbers[i];
    return true;
}

bool book_trials(struct book *b, size_t n, uint32_t **nums, size_t *n_nums, struct error *err)
{
    return need_some(b, n, "trial", err) &&
           as_trials(b, (const char *const *)b->cli->operands, n, nums, n_nums, err);
}

bool book_option_runs(struct book *b, const char *name, int64_t **runs, size_t *n_runs, struct error *err)
{
    const char *const *words = NULL;
    size_t n = cli_values(b->cli, name, &words);
    *runs = NULL;
    *n_runs = 0;
    return n == 0 || store_find_runs(b->store, words, n, b->a, runs, n_runs, err);
}

bool book_option_trials(struct book *b, const char *name, uint32_t **nums, size_t *n, struct error *err)
{
    const char *const *words = NULL;
    size_t n_words = cli_values(b->cli, name, &words);
    return as_trials(b, words, n_words, nums, n, err);
}

size_t book_names(struct book *b, const char *list, const char *whole, const char *const **names)
{
    const char *const *values = NULL;
    const char **out = NULL;
    size_t n = 0, n_values = cli_values(b->cli, list, &values);
    for (size_t i = 0; i < n_values; i++)
        for (const char *p = values[i]; *p;) {
            size_t length = strcspn(p, ",");
            out = arena_grow(b->a, out, n, sizeof *out);
            out[n++] = arena_strndup(b->a, p, length);
            p += length + (p[length] == ',');
        }
    n_values = cli_values(b->cli, whole, &values);
    for (size_t i = 0; i < n_values; i++) {
        out = arena_grow(b->a, out, n, sizeof *out);
        out[n++] = values[i];
    }
    *names = out;
    return n;
}
