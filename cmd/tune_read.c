/* tune_read.c - what is tuned: the frame, how it was processed, what is to be changed. See tune.h. */
#include "cmd/tune.h"

#include "cmd/book.h"
#include "cmd/process.h"

#include <stdlib.h>
#include <string.h>

/* ---- which frame ---- */

/* "12/0/7", or "0/7" with a journal given. */
static bool read_name(struct tune *t, const char *text, int64_t *job, struct error *err)
{
    int64_t n[3];
    size_t k = 0;
    char *rest = arena_strdup(t->a, text);
    for (char *part = rest; part && k < 3; k++) {
        char *slash = strchr(part, '/');
        if (slash)
            *slash = 0;
        if (!str_to_i64(part, n + k) || n[k] < 0 || (k > 0 && n[k] > UINT32_MAX))
            k = 3;
        part = slash ? slash + 1 : NULL;
        rest = part;
    }
    bool with_journal = t->journal != NULL;
    if (rest || k != (with_journal ? 2 : 3))
        return error_set(err, ERROR_USAGE, "\"%s\" is no frame", text),
               error_hint(err, with_journal ? "with --journal it is SOURCE/FRAME: 0/7"
                                            : "it is JOB/SOURCE/FRAME, as the pages show it: 12/0/7");
    *job = with_journal ? 0 : n[0];
    *t->frames = (struct tune_frame){.source = (uint32_t)n[k - 2], .frame = (uint32_t)n[k - 1]};
    return true;
}

/* The journal that has the frame, from the database. */
static bool find_journal(struct tune *t, int64_t job, struct error *err)
{
    struct book b = {0};
    struct store_look_row row;
    struct store_look_lattice *lattices;
    size_t n;
    bool found = false;
    bool ok =
        book_open(t->cli, true, &b, err) &&
        store_look(b.store, job, t->frames->source, t->frames->frame, t->a, &row, &lattices, &n, &found, err);
    store_close(b.store);
    if (!ok)
        return false;
    if (!found || !*row.journal)
        return error_set(err, ERROR_USAGE, "job %lld has no result of frame %u/%u", (long long)job,
                         t->frames->source, t->frames->frame),
               error_hint(err, "xfelx job list shows the jobs");
    t->journal = path_map(t->a, t->maps, row.journal);
    return true;
}

/* ---- how it was processed ---- */

/* What the journal begins with: parameters and sources. And more frames to try: hits, by hash, so that the same are taken each time. */
struct read_journal {
    const char *recipe_text;
    struct result named; /* outcome and detector of the named frame; path NULL: it is not there */
    struct journals_frame *hits;
    size_t n_hits;
};

static bool is_hit(enum outcome o)
{
    return o == OUTCOME_HIT_NOT_INDEXED || o == OUTCOME_INDEXED_NOT_INTEGRATED || o == OUTCOME_INTEGRATED;
}

static uint64_t hash_of(const struct journals_frame *f)
{
    uint64_t h = ((uint64_t)f->source << 32 | f->frame) * UINT64_C(0x9e3779b97f4a7c15);
    return (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

static int by_hash(const void *x, const void *y)
{
    const struct journals_frame *a = x, *b = y;
    uint64_t ha = hash_of(a), hb = hash_of(b);
    if (ha != hb)
        return ha < hb ? -1 : 1;
    return a->source != b->source ? (a->source < b->source ? -1 : 1)
                                  : (a->frame > b->frame) - (a->frame < b->frame);
}

static bool take_record(struct tune *t, const struct journal_reader *r, const struct journal_record *record,
                        struct read_journal *out, struct error *err)
{
    struct journal_frame f;
    if (record->type != JOURNAL_FRAME)
        return true;
    if (!journal_frame(record, &f, err))
        return false;
    if (f.source == t->frames->source && f.frame == t->frames->frame) {
        if (!journal_result(r, record, t->a, &out->named, err))
            return false;
        out->named.detector = detector_copy(t->a, out->named.detector);
    } else if (f.final && is_hit(f.outcome)) {
        out->hits = arena_grow(t->a, out->hits, out->n_hits, sizeof *out->hits);
        out->hits[out->n_hits++] = (struct journals_frame){.source = f.source, .frame = f.frame};
    }
    return true;
}

static bool read_journal(struct tune *t, struct read_journal *out, struct error *err)
{
    struct journal_reader *r;
    struct journal_record record;
    struct error last = {0};
    if (!journal_open(t->journal, &r, err))
        return false;
    bool ok = true;
    while (ok && journal_next(r, &record, &last)) {
        if (record.type == JOURNAL_START && !out->recipe_text)
            out->recipe_text = journal_start_recipe(&record, t->a);
        ok = take_record(t, r, &record, out, err);
    }
    const char *const *paths = journal_sources(r, &t->n_paths);
    const char **kept = arena_array(t->a, t->n_paths, sizeof *kept);
    for (size_t i = 0; i < t->n_paths; i++)
        kept[i] = arena_strdup(t->a, paths[i]);
    t->paths = kept;
    journal_reader_close(r);
    if (ok && last.code != ERROR_END)
        return *err = last, false;
    if (ok && (!out->recipe_text || t->frames->source >= t->n_paths))
        return error_set(err, ERROR_USAGE, "%s has no frame %u/%u", t->journal, t->frames->source,
                         t->frames->frame);
    return ok;
}

/* The named frame, and n - 1 hits. */
static void choose(struct tune *t, struct read_journal *j, size_t n)
{
    if (j->n_hits)
        qsort(j->hits, j->n_hits, sizeof *j->hits, by_hash);
    struct tune_frame *frames = arena_array(t->a, n, sizeof *frames);
    frames[0] = t->frames[0];
    t->n_frames = 1;
    for (size_t i = 0; i < j->n_hits && t->n_frames < n; i++) {
        struct tune_frame f = {.source = j->hits[i].source, .frame = j->hits[i].frame};
        bool twice = i > 0 && j->hits[i - 1].source == f.source && j->hits[i - 1].frame == f.frame;
        if (!twice && f.source < t->n_paths)
            frames[t->n_frames++] = f;
    }
    t->frames = frames;
}

/* ---- parameters of both ways ---- */

static bool merge_changes(struct tune *t, struct params *p, struct error *err)
{
    struct cli *cli = t->cli;
    const char *const *files = NULL, *text = cli_value(cli, "changes", NULL);
    size_t n = cli_values(cli, "phil", &files);
    for (size_t i = 0; i < n; i++)
        if (!params_merge_file(p, files[i], err))
            return false;
    if (text && !params_merge_text(p, "the changes", text, err))
        return false;
    for (size_t i = 1; i < cli->n_operands; i++) {
        const char *word = cli->operands[i];
        enum param_argument kind = params_argument_kind(word);
        if (kind == PARAM_ARGUMENT_OTHER)
            return error_set(err, ERROR_USAGE, "\"%s\" is neither a parameter file nor NAME=VALUE", word);
        if (!(kind == PARAM_ARGUMENT_PHIL ? params_merge_file : params_merge_argument)(p, word, err))
            return false;
    }
    return true;
}

static bool make_params(struct tune *t, const char *base, struct error *err)
{
    struct param_difference *d;
    for (int k = 0; k < 2; k++) {
        t->way[k].params = params_make(t->a);
        if (!params_merge_text(t->way[k].params, "the job", base, err))
            return false;
    }
    if (!merge_changes(t, t->way[1].params, err))
        return false;
    if (params_differences(t->way[0].params, t->way[1].params, PARAM_SETTINGS, t->a, &d))
        return error_set(err, ERROR_USAGE, "%s is a setting, no part of a trial", d->path);
    t->n_differences =
        params_differences(t->way[0].params, t->way[1].params, PARAM_RECIPE, t->a, &t->differences);
    t->changed = t->n_differences > 0;
    return true;
}

/* Does a changed parameter say where the detector is? Then what the survey found of that is no longer true. */
static bool moves_detector(const struct tune *t)
{
    for (size_t i = 0; i < t->n_differences; i++) {
        const char *path = t->differences[i].path;
        if (str_starts(path, "geometry.") || str_starts(path, "xfelx.geometry.") ||
            str_starts(path, "input.reference_geometry"))
            return true;
    }
    return false;
}

/* What the run's survey found, for a recipe that would ask for one. */
static bool take_finding(struct tune *t, struct tune_way *w, const struct recipe *first,
                         const struct read_journal *j, struct error *err)
{
    struct finding f;
    const char *text, *folder = fs_folder(t->a, t->journal);
    if (!survey_wanted(w->recipe))
        return true;
    if (w->recipe != first && moves_detector(t)) {
        w->note = "the geometry is changed: what the run's survey found is not used";
        return true;
    }
    for (int up = 0; up < 2; up++) { /* ranks beyond 1000 have folders of their own */
        folder = fs_folder(t->a, folder);
        if (finding_kept(first->hash, finding_place(t->a, folder, first), t->a, &f, &text))
            return recipe_adopt(w->recipe, &f, t->a, err);
    }
    if (j->named.detector) {
        w->recipe->source.reference = j->named.detector;
        w->note = "what the run's survey found was not kept: the geometry is that of the frame's result";
    }
    if (w->recipe->find_cell && j->named.n_lattices)
        return recipe_add_cell(w->recipe, j->named.lattices[0].cell, t->a, err);
    return true;
}

static bool make_recipes(struct tune *t, const struct read_journal *j, struct error *err)
{
    for (int k = 0; k < 1 + t->changed; k++)
        if (!recipe_make(t->way[k].params, t->a, &t->way[k].recipe, err))
            return false;
    for (int k = 0; k < 1 + t->changed; k++)
        if (!take_finding(t, t->way + k, t->way[0].recipe, j, err))
            return false;
    return true;
}

bool tune_read(struct tune *t, struct error *err)
{
    struct cli *cli = t->cli;
    struct read_journal j = {0};
    struct params *settings = NULL;
    int64_t job = 0, n = 1;
    t->journal = cli_value(cli, "journal", NULL);
    t->frames = arena_array(t->a, 1, sizeof *t->frames);
    t->n_frames = 1;
    if (cli->n_operands < 1)
        return error_set(err, ERROR_USAGE, "%s needs a frame: JOB/SOURCE/FRAME", cli->command->name),
               error_hint(
                   err,
                   "12/0/7 is frame 7 of the first file of job 12; page Frames and xfelx job list name them");
    if (!read_name(t, cli->operands[0], &job, err) || !cli_int(cli, "try", 1, 1000, 1, &n, err) ||
        !book_settings(cli, &settings, err))
        return false;
    if (param_texts(settings, "facility.path_map", &t->maps) == 0)
        t->maps = NULL;
    if ((!t->journal && !find_journal(t, job, err)) || !read_journal(t, &j, err) ||
        !make_params(t, j.recipe_text, err))
        return false;
    choose(t, &j, (size_t)n);
    return make_recipes(t, &j, err);
}
