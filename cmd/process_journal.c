/* process_journal.c - the journals of a job: what earlier attempts left is put where it belongs and taken off the work, then each rank
 * begins a journal of its own. See process.h, STORE 5. */
#include "cmd/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- places ---- */

/* In the output folder, or below journal_dir, where each output folder has a place of its own. */
const char *journals_place(struct arena *a, const struct params *p, const char *folder, bool campaign)
{
    const char *elsewhere = param_text(p, "xfelx.output.journal_dir", NULL);
    uint8_t hash[32];
    char hex[65];
    sha256(folder, strlen(folder), hash);
    hash_hex(hash, 8, hex);
    return elsewhere ? fs_join(a, fs_absolute(a, elsewhere), hex)
                     : fs_join(a, folder, campaign ? "journal" : ".xfelx/journal");
}

void journal_place(struct job *j)
{
    j->journals =
        journals_place(&j->cli->arena, j->params, j->attempt ? j->work.folder : j->folder, j->attempt);
}

/* ---- what earlier attempts left ---- */

/* Torn ends and reserved room of writers that died. */
static bool cut_torn(const struct journals *all, struct error *err)
{
    for (size_t i = 0; i < journals_count(all); i++) {
        const struct journal_reader *r = journals_reader(all, i);
        size_t n_gaps;
        const struct journal_gap *gaps = journal_gaps(r, &n_gaps);
        for (size_t k = 0; k < n_gaps; k++)
            log_warn("%s is damaged: %s at byte %llu; their frames are done again", journal_path(r),
                     COUNT(gaps[k].size, "byte"), (unsigned long long)gaps[k].offset);
        if (!journal_ended(r) && !journal_is_written(r) &&
            !journal_cut(journal_path(r), journal_whole(r), err))
            return false;
    }
    return true;
}

/* Does it hold nothing but failures, and is nobody writing it? */
static bool is_empty(struct journal_reader *r)
{
    struct journal_record record;
    struct journal_frame f;
    struct error end = {0};
    bool empty = !journal_is_written(r);
    while (empty && journal_next(r, &record, &end))
        empty =
            record.type != JOURNAL_FRAME || (journal_frame(&record, &f, &end) && f.outcome == OUTCOME_FAILED);
    return empty && end.code == ERROR_END;
}

/* A journal of other parameters or files than this job, that found nothing? */
static bool is_leftover(const struct job *j, const char *path, bool *leftover, struct error *err)
{
    struct journal_reader *r;
    struct journal_record start;
    struct error none = {0};
    if (!journal_open(path, &r, err))
        return false;
    bool begun = journal_next(r, &start, &none);
    bool mine = !memcmp(journal_identity(r)->recipe, j->recipe->hash, 16) &&
                (!begun || resume_same_sources(r, &j->list, &none));
    *leftover = !mine && is_empty(r);
    journal_reader_close(r);
    return true;
}

/* Journals of another job, of which nothing could be read (a mistyped name, a missing disk), do not bar the folder: the store says
 * the same (folder_is_free). Those that hold something are met by resume_make, which refuses them. */
static bool drop_leftovers(const struct job *j, char **paths, size_t *n, struct error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n; i++) {
        bool leftover;
        if (!is_leftover(j, paths[i], &leftover, err))
            return false;
        if (!leftover || unlink(paths[i]) != 0)
            paths[kept++] = paths[i];
    }
    *n = kept;
    return true;
}

static bool of_this_trial(const struct job *j, const struct journals *all, struct error *err)
{
    const struct journal_reader *r = journals_count(all) ? journals_reader(all, 0) : NULL;
    if (!r || !memcmp(journal_identity(r)->recipe, j->recipe->hash, 16))
        return true;
    return error_set(err, ERROR_USAGE, "%s holds results of other parameters", journal_path(r)),
           error_hint(err, "give another output.output_dir");
}

/* Frames that no attempt got through: failed for good, in our journal and in the store. */
static bool give_up(struct job *j, struct error *err)
{
    struct resume *r = &j->resume;
    bool ok = true;
    for (size_t i = 0; ok && i < r->n_failed; i++) {
        struct result result;
        const struct result *row = &result;
        struct store_batch batch = {.attempt = j->stored.attempt, .results = &row, .n = 1};
        resume_result(&j->list, r->failed[i], &result);
        team_count(&r->done, &result);
        ok = journal_put(j->journal, &result, true, 2, err) && journal_sync(j->journal, err) &&
             store_put_results(j->store, &j->stored, &batch, 1, j->recipe->hash_hex, err);
    }
    return ok;
}

/* Rows that the database lacks, since it was away or its process died. One that is away again gets them later. */
static bool replay(struct job *j, struct journals *all, struct error *err)
{
    uint64_t n;
    return replay_store(all, j->store, &j->stored, j->recipe->hash_hex, &n, err);
}

/* Those of frames that two ranks did: one record of each counts, that of the store's row where there is one (replay). */
static bool void_doubles(struct job *j, struct journals *all, struct error *err)
{
    size_t n;
    const struct journal_void *doubles = journals_doubles(all, &n);
    if (n)
        journal_void(j->journal, doubles, n);
    return journal_sync(j->journal, err);
}

bool journal_resume(struct job *j, struct error *err)
{
    struct arena *a = &j->cli->arena;
    struct journals *all = NULL;
    char **paths;
    size_t n;
    bool ok = journals_list(j->journals, -1, a, &paths, &n, err) && drop_leftovers(j, paths, &n, err) &&
              journals_open((const char *const *)paths, n, &all, err) && of_this_trial(j, all, err) &&
              resume_make(all, &j->list, j->frames, j->n_frames, a, &j->resume, err) && replay(j, all, err) &&
              journal_begin(j, err) && void_doubles(j, all, err) && give_up(j, err) &&
              cut_torn(all, err); /* last: nothing more is read */
    journals_close(all);
    return ok;
}

/* ---- this attempt's ---- */

static struct journal_source *sources(struct arena *a, const struct source_list *l)
{
    struct store_source *files = inputs_describe(a, l);
    struct journal_source *rows = arena_array(a, l->n_sources + 1, sizeof *rows);
    for (size_t i = 0; i < l->n_sources; i++)
        rows[i] = (struct journal_source){.path = files[i].path,
                                          .size = files[i].size,
                                          .mtime = files[i].mtime,
                                          .n_frames = files[i].n_frames};
    return rows;
}

/* Tells one boot of a machine from the next; nothing where there is no such file. */
static const char *boot_id(struct arena *a)
{
    struct bytes b = {0};
    const char *text = "";
    if (fs_read("/proc/sys/kernel/random/boot_id", 4096, &b, NULL) && b.size >= 36)
        text = arena_strndup(a, (const char *)b.data, 36);
    bytes_free(&b);
    return text;
}

bool journal_begin(struct job *j, struct error *err)
{
    struct arena *a = &j->cli->arena;
    struct journal_start start = {
        .identity = {.attempt = (uint64_t)j->stored.attempt,
                     .rank = farm_rank(j->farm),
                     .created = clock_now()},
        .program = arena_printf(a, "xfelx %s %s", version_number(), version_commit()),
        .host = proc_host(a),
        .boot_id = boot_id(a),
        .pid = (uint32_t)getpid(),
        .recipe_text = j->recipe->text,
        .sources = sources(a, &j->list),
        .n_sources = j->list.n_sources,
    };
    memcpy(start.identity.recipe, j->recipe->hash, sizeof start.identity.recipe);
    const char *path = journals_path(a, j->journals, start.identity.attempt, start.identity.rank);
    if (journal_create(path, &start, &j->journal, err))
        return true;
    if (err->code == ERROR_BUSY)
        error_set(err, ERROR_USAGE, "%s is there already: the database does not know of it", path),
            error_hint(err, "bring its database back, or give another output.output_dir");
    return false;
}

const struct publish *journal_publish(struct job *j, const struct sink_options *o)
{
    struct arena *a = &j->cli->arena;
    int64_t frames = param_int(j->params, "xfelx.output.powder_frames", 10000);
    if (frames > 0 && !j->powder)
        j->powder = powder_make((double)frames / (double)(j->list.n_frames + 1));
    j->publish = (struct publish){
        .journals = j->journals,
        .powder = j->powder,
        .attempt = (uint64_t)j->stored.attempt,
        .powder_parts = arena_printf(a, "%s/.xfelx/powder-%.16s", j->folder, j->recipe->hash_hex),
        .powder_path = fs_join(a, j->folder, "powder.h5"),
        .residuals_path = fs_join(a, j->folder, "residuals.json"),
        .sink = *o,
        .after = param_real(j->params, "xfelx.output.publish_after", 30)};
    return &j->publish;
}
