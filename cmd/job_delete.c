/* job_delete.c - `xfelx job delete`: results of jobs go, rows first, then files; what is not a job's own is never touched. */
#include "cmd/book.h"
#include "cmd/process.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the campaign: its folder is ours, with known sub-folders. Else `process` by hand wrote into a folder of the user's. */
static bool is_of_campaign(const struct store_book_job *j)
{
    return j->key.rungroup || j->key.task_rev || j->key.version;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

/* A folder with all that is in it; links are removed, not followed. */
static bool remove_folder(const char *path, struct error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return true;
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ||
           error_system(err, ERROR_FAILED, "cannot remove all of %s", path);
}

static bool remove_parts(struct book *b, const struct store_book_job *j, struct error *err)
{
    bool ok = remove_folder(fs_join(b->a, j->folder, "out"), err) &&
              remove_folder(fs_join(b->a, j->folder, "journal"), err);
    for (size_t i = 0; ok && i < j->n_attempts; i++)
        ok = remove_folder(
            fs_join(b->a, j->folder, arena_printf(b->a, "a%lld", (long long)j->attempts[i].id)), err);
    rmdir(j->folder); /* unless tasks have theirs in it */
    return ok;
}

static bool remove_files(char *const *paths, size_t n, struct error *err)
{
    for (size_t i = 0; i < n; i++)
        if (unlink(paths[i]) != 0)
            return error_system(err, ERROR_FAILED, "cannot remove %s", paths[i]);
    return true;
}

/* Files of the names that the trial gives, one a rank: "idx-0000_integrated.expt". */
static bool remove_published(struct book *b, const struct store_book_job *j, const struct params *trial,
                             struct error *err)
{
    static const char *const names[] = {"output.experiments_filename",
                                        "output.strong_filename",
                                        "output.indexed_filename",
                                        "output.refined_experiments_filename",
                                        "output.integrated_experiments_filename",
                                        "output.integrated_filename"};
    const char *folder = fs_quoted(b->a, j->folder);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = param_text(trial, names[i], NULL), *mark = name ? strstr(name, "%s") : NULL;
        char **paths = NULL;
        size_t n = 0;
        if (!mark)
            continue;
        const char *pattern = arena_printf(b->a, "%s/%.*sidx-[0-9][0-9][0-9][0-9]*%s", folder,
                                           (int)(mark - name), name, mark + 2);
        if (!fs_glob(pattern, b->a, &paths, &n, err) || !remove_files(paths, n, err))
            return false;
    }
    return true;
}

static const char *text_of_trial(struct book *b, const struct store_book_job *j, struct error *err)
{
    struct store_trial_row *rows;
    size_t n;
    if (!store_trials(b->store, b->a, &rows, &n, err))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (rows[i].id == j->key.trial)
            return rows[i].phil;
    return "";
}

static bool remove_results(struct book *b, const struct store_book_job *j, struct error *err)
{
    char **journals = NULL;
    size_t n = 0;
    bool campaign = is_of_campaign(j);
    struct params *trial = params_make(b->a);
    const char *text = text_of_trial(b, j, err);
    return text && params_merge_text(trial, "the trial", text, err) &&
           journals_list(journals_place(b->a, trial, j->folder, campaign), -1, b->a, &journals, &n, err) &&
           remove_files(journals, n, err) &&
           (campaign ? remove_parts(b, j, err) : remove_published(b, j, trial, err));
}

static bool is_sure(struct book *b, const struct store_book_job *rows, size_t n, struct error *err)
{
    char answer[16] = "";
    int64_t frames = 0;
    if (cli_has(b->cli, "yes"))
        return true;
    for (size_t i = 0; i < n; i++)
        frames += rows[i].n_final;
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) {
        fprintf(stderr, "remove the results of %s (%s)? [y/N] ", COUNT(n, "job"), COUNT(frames, "frame"));
        if (fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y'))
            return true;
        return error_set(err, ERROR_USAGE, "nothing was removed");
    }
    error_set(err, ERROR_USAGE, "the results of %s (%s) would be removed", COUNT(n, "job"),
              COUNT(frames, "frame"));
    return error_hint(err, "say --yes");
}

static bool delete_one(struct book *b, const struct store_book_job *j, struct error *err)
{
    if (!store_job_delete(b->store, &b->by, j->id, err) || !remove_results(b, j, err))
        return false;
    str_printf(&b->out, "job %lld: %s and their files in %s are gone\n", (long long)j->id,
               COUNT(j->n_final, "frame"), book_shown(b, j->folder));
    return true;
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct book b;
    int64_t *numbers = NULL;
    struct store_range *r = NULL;
    struct store_book_job *rows = NULL;
    size_t n = 0, n_numbers = 0;
    struct store_job_filter f = {.trial = -1, .all_attempts = true};
    bool ok =
        book_open(cli, false, &b, &err) &&
        book_numbers(&b, cli->n_operands, "job", &numbers, &n_numbers, &err) &&
        store_ranges((const char *const *)cli->operands, cli->n_operands, "job", b.a, &r, &f.n_jobs, &err);
    f.jobs = r;
    ok = ok && store_book_jobs(b.store, &f, b.a, &rows, &n, &err);
    if (ok && n < n_numbers)
        ok = (error_set(&err, ERROR_USAGE, "%zu of %s not there; nothing was deleted", n_numbers - n,
                        n_numbers == 1 ? "1 job is" : arena_printf(b.a, "%zu jobs are", n_numbers)),
              error_hint(&err, "xfelx job list shows them all"));
    ok = ok && is_sure(&b, rows, n, &err);
    for (size_t i = 0; ok && i < n; i++)
        ok = delete_one(&b, rows + i, &err);
    if (!ok)
        cli_print(&b.out); /* what is gone already */
    return book_end(&b, ok, &err);
}

const struct command job_delete = {
    .name = "job delete",
    .summary = "remove the results of jobs, rows and files",
    .usage = "[OPTIONS] --yes JOB...",
    .text = "Removes the rows of a job's frames and lattices, its result files, journals and logs. The job "
            "stays in the list as "
            "cancelled, so that nothing does it again by itself; xfelx job retry does it anew, from nothing. "
            "Refused "
            "while an attempt is alive: xfelx job cancel first.\n\n"
            "On a terminal it asks; elsewhere --yes must be said. Of a job that process did by hand only its "
            "journals and the "
            "files idx-NNNN… go, nothing else of that folder.",
    .options = (const struct option_row[]){{0, "yes", NULL, "do not ask"}, BOOK_OPTIONS, {0}},
    .examples =
        (const struct example[]){{"xfelx job delete --yes 17", "job 17 has no results any more"}, {0}},
    .run = run,
};
