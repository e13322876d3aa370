/* sink.c - results in, .expt and .refl files out; see sink.h.
 *
 * What a frame leaves behind is copied into one arena as it comes: spots and rows in the structs of the kernels, which are
 * about as large as the rows of the files. Publishing puts frames in order, checks them, and renders one file after the
 * other in memory.
 */
#include "sink/sink.h"

#include "sink/expt.h"
#include "sink/kept.h"
#include "sink/refl.h"
#include "sink/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a frame's tag and its number in the run are made of. */
struct tag_source {
    const char *stem;
    uint64_t first;
    bool numbered; /* the stem names several frames */
};

struct sink {
    struct sink_options o;   /* texts and the cell in memory; sources not used after opening */
    struct tag_source *tags; /* [o.n_sources] */
    struct arena memory;
    struct kept_detector *detectors; /* newest first */
    struct kept_frame **frames;
    size_t n_frames, room;
    struct journals *journals; /* where rows are read again; NULL: they are kept */
    struct arena loaded;       /* of the frame that was read last */
    struct kept_frame now;
};

/* ---- opening */

/* The files of one set: pairs are written together, .expt first. */
enum { N_NAMES = 7 };
static void names_of(struct sink_options *o, const char **out[N_NAMES])
{
    const char **const all[N_NAMES] = {&o->imported_expt, &o->strong_refl,     &o->refined_expt,
                                       &o->indexed_refl,  &o->integrated_expt, &o->integrated_refl,
                                       &o->stream};
    memcpy(out, all, sizeof all);
}

static bool check_name(const struct sink_options *o, const char *name, struct error *err)
{
    const char *percent = strchr(name, '%');
    if (!name[0] || (percent && (percent[1] != 's' || strchr(percent + 1, '%'))))
        return error_set(err, ERROR_USAGE, "output file name \"%s\" may hold one %%s and no other %%", name);
    if (!percent && (!o->composite || o->rank > 0))
        return error_set(err, ERROR_USAGE, "output file name \"%s\" would be written by several %s", name,
                         o->composite ? "ranks" : "frames"),
               error_hint(err, "put %%s into it, which becomes idx-… of the %s",
                          o->composite ? "rank" : "image");
    return true;
}

static bool check_pair(const char *expt, const char *refl, struct error *err)
{
    if (!expt == !refl)
        return true;
    return error_set(err, ERROR_USAGE, "\"%s\" has no partner: an .expt and a .refl belong together",
                     expt ? expt : refl),
           error_hint(err, "name both files or set both to None");
}

static const char *keep_text(struct arena *a, const char *text)
{
    return text ? arena_strdup(a, text) : NULL;
}

static int stem_compare(const void *a, const void *b)
{
    const struct tag_source *x = *(struct tag_source *const *)a, *y = *(struct tag_source *const *)b;
    int order = strcmp(x->stem, y->stem);
    return order ? order : x < y ? -1 : x > y;
}

/* Stems of all sources; those that several sources share are numbered, whatever folders the files lie in. */
static void make_tags(struct sink *s, const struct sink_source *sources, size_t n)
{
    struct tag_source **sorted = arena_array(&s->memory, n, sizeof(struct tag_source *));
    s->tags = arena_array(&s->memory, n, sizeof *s->tags);
    for (size_t i = 0; i < n; i++) {
        s->tags[i] = (struct tag_source){fs_stem(&s->memory, sources[i].path), sources[i].first,
                                         sources[i].n_frames > 1};
        sorted[i] = &s->tags[i];
    }
    qsort(sorted, n, sizeof(struct tag_source *), stem_compare);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(sorted[i]->stem, sorted[i - 1]->stem))
            sorted[i]->numbered = sorted[i - 1]->numbered = true;
}

bool sink_check(const struct sink_options *o, struct error *err)
{
    struct sink_options copy = *o;
    const char **names[N_NAMES];
    names_of(&copy, names);
    bool ok = check_pair(o->refined_expt, o->indexed_refl, err) &&
              check_pair(o->integrated_expt, o->integrated_refl, err);
    for (int i = 0; ok && i < N_NAMES; i++)
        ok = !*names[i] || check_name(o, *names[i], err);
    return ok;
}

bool sink_open(const struct sink_options *o, struct sink **out, struct error *err)
{
    *out = NULL;
    if (!sink_check(o, err))
        return false;
    struct sink *s = calloc(1, sizeof *s);
    if (!s)
        return error_set(err, ERROR_MEMORY, "no memory for results");
    s->o = *o;
    s->o.folder = arena_strdup(&s->memory, o->folder ? o->folder : "");
    s->o.recipe_hash = arena_strdup(&s->memory, o->recipe_hash);
    s->o.space_group_hall = arena_strdup(&s->memory, o->space_group_hall ? o->space_group_hall : " P 1");
    s->o.program = arena_strdup(&s->memory, o->program);
    if (!o->composite || o->stream)
        make_tags(s, o->sources, o->n_sources);
    if (o->cell)
        s->o.cell = arena_memdup(&s->memory, o->cell, 6 * sizeof *o->cell);
    const char **names[N_NAMES];
    names_of(&s->o, names);
    for (int i = 0; i < N_NAMES; i++)
        *names[i] = keep_text(&s->memory, *names[i]);
    if (s->o.folder[0] && !fs_make_folders(s->o.folder, err)) {
        sink_close(s);
        return false;
    }
    *out = s;
    return true;
}

void sink_close(struct sink *s)
{
    if (!s)
        return;
    arena_free(&s->memory);
    arena_free(&s->loaded);
    free(s->frames);
    free(s);
}

/* ---- taking results */

static bool same_text(const char *a, const char *b)
{
    return !strcmp(a, b);
}

static bool same_panel(const struct panel *a, const struct panel *b)
{
    return !memcmp(a->origin, b->origin, sizeof a->origin) && !memcmp(a->fast, b->fast, sizeof a->fast) &&
           !memcmp(a->slow, b->slow, sizeof a->slow) && a->mu == b->mu && a->thickness == b->thickness &&
           a->parallax == b->parallax && a->gain == b->gain && a->pedestal == b->pedestal;
}

/* Beyond what the fingerprint says: would these two read the same in a file? */
static bool same_detector(const struct detector *a, const struct detector *b)
{
    if (a->n_panels != b->n_panels || a->n_nodes != b->n_nodes)
        return false;
    for (size_t i = 0; i < a->n_panels; i++) {
        const struct panel_info *x = &a->info[i], *y = &b->info[i];
        if (!same_panel(&a->panels[i], &b->panels[i]) || !same_text(x->name, y->name) ||
            !same_text(x->type, y->type) || !same_text(x->material, y->material) ||
            memcmp(x->raw_offset, y->raw_offset, sizeof x->raw_offset) != 0)
            return false;
    }
    for (size_t i = 0; i < a->n_nodes; i++) {
        const struct detector_node *x = &a->nodes[i], *y = &b->nodes[i];
        if (x->parent != y->parent || x->panel != y->panel || !same_text(x->name, y->name) ||
            memcmp(x->origin, y->origin, sizeof x->origin) != 0 ||
            memcmp(x->fast, y->fast, sizeof x->fast) != 0 || memcmp(x->slow, y->slow, sizeof x->slow) != 0)
            return false;
    }
    return true;
}

static struct kept_detector *keep_detector(struct sink *s, const struct detector *d)
{
    uint64_t fingerprint = detector_fingerprint(d);
    for (struct kept_detector *k = s->detectors; k; k = k->next)
        if (k->fingerprint == fingerprint && same_detector(k->detector, d))
            return k;
    struct kept_detector *k = arena_alloc(&s->memory, sizeof *k);
    *k = (struct kept_detector){s->detectors, fingerprint, detector_copy(&s->memory, d), -1};
    s->detectors = k;
    return k;
}

/* Paths in .expt files go through Python's expandvars. */
static bool check_path(const struct sink *s, const struct result *r, struct error *err)
{
    if (s->o.stream && (strpbrk(r->id.path, "\r\n") || strlen(r->id.path) > STREAM_PATH_MAX))
        return error_set(err, ERROR_UNSUPPORTED, "%s: a CrystFEL stream cannot hold this path", r->id.path),
               error_hint(err, "give the files shorter names, or switch xfelx.output.stream off");
    if (!strchr(r->id.path, '$') && r->id.path[0] != '~')
        return true;
    return error_set(err, ERROR_UNSUPPORTED, "%s: readers of .expt files would replace $ and ~ in this path",
                     r->id.path),
           error_hint(err, "give the files a path without them, for instance through a link");
}

static const void *keep_array(struct arena *a, const void *items, size_t n, size_t size)
{
    return n > 0 ? arena_memdup(a, items, n * size) : NULL;
}

/* A frame as it is in the result, whose memory it shares but for what is the sink's. */
static struct kept_frame view_frame(struct sink *s, const struct result *r)
{
    bool spots = s->o.strong_refl || s->o.shoeboxes || s->o.stream;
    return (struct kept_frame){
        .source = r->id.source,
        .frame = r->id.frame,
        .single = r->id.single,
        .path = r->id.path,
        .beam = r->beam,
        .detector = keep_detector(s, r->detector),
        .n_spots = spots ? r->n_strong : 0,
        .n_pixels = s->o.shoeboxes ? r->n_pixels : 0,
        .n_lattices = r->n_lattices,
        .n_indexed = s->o.indexed_refl ? r->n_indexed : 0,
        .n_integrated = s->o.integrated_refl || s->o.stream ? r->n_integrated : 0,
        .spots = spots && r->n_strong ? r->spots : NULL,
        .pixels = s->o.shoeboxes && r->n_pixels ? r->pixels : NULL,
        .lattices = r->lattices,
        .indexed = r->indexed,
        .integrated = r->integrated,
        .outcome = r->outcome,
    };
}

/* Everything of it. */
static void keep_frame(struct sink *s, const struct result *r, struct kept_frame *f)
{
    struct arena *a = &s->memory;
    *f = view_frame(s, r);
    f->path = arena_strdup(a, f->path);
    f->spots = keep_array(a, f->spots, f->n_spots, sizeof *f->spots);
    f->pixels = keep_array(a, f->pixels, f->n_pixels, sizeof *f->pixels);
    f->lattices = keep_array(a, f->lattices, f->n_lattices, sizeof *f->lattices);
    f->indexed = keep_array(a, f->indexed, f->n_indexed, sizeof *f->indexed);
    f->integrated = keep_array(a, f->integrated, f->n_integrated, sizeof *f->integrated);
}

/* All but its rows, of which only the numbers are kept. The path is the journals'. */
static bool keep_lean(struct sink *s, const struct result *r, const struct journals_frame *record,
                      struct kept_frame *f, struct error *err)
{
    struct kept_frame whole = view_frame(s, r);
    uint32_t *indexed = arena_array(&s->memory, whole.n_lattices + 1, sizeof *indexed);
    uint32_t *integrated = arena_array(&s->memory, whole.n_lattices + 1, sizeof *integrated);
    if (!kept_check(&whole, err))
        return false;
    kept_count_rows(&whole, TABLE_INDEXED, indexed);
    kept_count_rows(&whole, TABLE_INTEGRATED, integrated);
    *f = whole;
    f->lattices = keep_array(&s->memory, whole.lattices, whole.n_lattices, sizeof *whole.lattices);
    f->indexed = f->integrated = NULL;
    f->indexed_of = indexed;
    f->integrated_of = integrated;
    f->record = record;
    return true;
}

/* What is to be said of a frame before it is taken. take: false, files have nothing of it. */
static bool may_take(const struct sink *s, const struct result *r, bool *take, struct error *err)
{
    bool rows = (s->o.indexed_refl && r->n_indexed > 0) || (s->o.integrated_refl && r->n_integrated > 0);
    *take = r->outcome != OUTCOME_FAILED && (rows || s->o.imported_expt || s->o.strong_refl || s->o.stream);
    if (!*take)
        return true;
    if (!check_path(s, r, err))
        return false;
    if (s->tags && r->id.source >= s->o.n_sources)
        return error_set(err, ERROR_INTERNAL, "%s: source %u of %zu", r->id.path, r->id.source,
                         s->o.n_sources);
    if (s->o.shoeboxes && r->n_strong > 0 && !r->pixels)
        return error_set(err, ERROR_INTERNAL,
                         "%s, frame %u: the pixels of its spots did not come with the result", r->id.path,
                         r->id.frame);
    return true;
}

/* A place for one more frame; NULL: no memory. */
static struct kept_frame *new_frame(struct sink *s, struct error *err)
{
    if (s->n_frames == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        struct kept_frame **grown = realloc(s->frames, room * sizeof *grown);
        if (!grown) {
            error_set(err, ERROR_MEMORY, "no memory for results of %s", COUNT(room, "frame"));
            return NULL;
        }
        s->frames = grown;
        s->room = room;
    }
    struct kept_frame *f = arena_alloc(&s->memory, sizeof *f);
    s->frames[s->n_frames++] = f;
    return f;
}

bool sink_put(struct sink *s, const struct result *r, struct error *err)
{
    bool take;
    if (!may_take(s, r, &take, err))
        return false;
    struct kept_frame *f = take ? new_frame(s, err) : NULL;
    if (f)
        keep_frame(s, r, f);
    return !take || f;
}

/* ---- taking journals */

/* Spots are needed beside rows, or files have one frame each: nothing is gained by reading rows again. */
static bool keeps_rows(const struct sink *s)
{
    return s->o.strong_refl || s->o.shoeboxes || s->o.stream || !s->o.composite;
}

static bool put_lean(struct sink *s, const struct result *r, const struct journals_frame *record,
                     struct error *err)
{
    bool take;
    if (!may_take(s, r, &take, err))
        return false;
    struct kept_frame *f = take ? new_frame(s, err) : NULL;
    return !take || (f && keep_lean(s, r, record, f, err));
}

bool sink_put_journals(struct sink *s, struct journals *j, uint32_t rank, struct error *err)
{
    size_t n;
    const struct journals_frame *frames = journals_frames(j, &n);
    bool ok = true, lean = !keeps_rows(s);
    s->journals = lean ? j : NULL;
    for (size_t i = 0; ok && i < n; i++) {
        struct arena a = {0};
        struct result r;
        if (frames[i].final && frames[i].rank == rank)
            ok = journals_result(j, &frames[i], &a, &r, err) &&
                 (lean ? put_lean(s, &r, &frames[i], err) : sink_put(s, &r, err));
        arena_free(&a);
    }
    return ok;
}

/* The frame with its rows, until the next one. */
static const struct kept_frame *load_rows(void *arg, const struct kept_frame *f, struct error *err)
{
    struct sink *s = arg;
    struct result r;
    if (!f->record)
        return f;
    arena_free(&s->loaded);
    if (!journals_result(s->journals, f->record, &s->loaded, &r, err))
        return NULL;
    s->now = *f;
    s->now.indexed = r.indexed;
    s->now.integrated = r.integrated;
    return &s->now;
}

/* ---- publishing */

static int frame_compare(const void *a, const void *b)
{
    const struct kept_frame *x = *(struct kept_frame *const *)a, *y = *(struct kept_frame *const *)b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return x->frame == y->frame ? 0 : x->frame < y->frame ? -1 : 1;
}

/* "idx-0003" of a rank, "idx-shot" or "idx-run_00017" of a frame. */
static char *make_tag(const struct sink *s, struct arena *a, const struct kept_frame *f)
{
    if (s->o.composite)
        return arena_printf(a, "idx-%04u", s->o.rank);
    const struct tag_source *tag = &s->tags[f->source];
    if (!tag->numbered)
        return arena_printf(a, "idx-%s", tag->stem);
    return arena_printf(a, "idx-%s_%05llu", tag->stem, (unsigned long long)(tag->first + f->frame));
}

static char *make_path(const struct sink *s, struct arena *a, const char *name, const char *tag)
{
    const char *percent = strchr(name, '%');
    if (percent)
        name = arena_printf(a, "%.*s%s%s", (int)(percent - name), name, tag, percent + 2);
    return fs_join(a, s->o.folder, name);
}

/* The line says who wrote the file. Where DIALS puts the time stands the beginning of time, as in reproducible builds: the same
 * frames and parameters give the same bytes (SCIENCE 4); when they were processed is in the database. */
static char *make_history(const struct sink *s, struct arena *a, const struct table *t)
{
    char when[32];
    return arena_printf(a, "%s|%s%s", clock_text(0, when), s->o.program,
                        t->kind == TABLE_INTEGRATED ? "|integrated" : "");
}

/* A file of an earlier attempt for which there is nothing now. */
static void drop(const struct sink *s, struct arena *a, const char *name)
{
    if (name)
        unlink(make_path(s, a, name, make_tag(s, a, NULL)));
}

/* A table whose rows are not here. */
struct refl_job {
    struct sink *sink;
    const struct table *table;
    const char *path;
};

static bool write_rows(void *arg, int fd, struct error *err)
{
    const struct refl_job *w = arg;
    return refl_write(w->table, &(struct refl_rows){load_rows, w->sink}, fd, w->path, err);
}

static bool write_refl(struct sink *s, const struct table *t, const char *path, struct str *scratch,
                       struct error *err)
{
    struct refl_job w = {s, t, path};
    if (s->journals)
        return fs_write_atomic_by(path, write_rows, &w, err);
    str_clear(scratch);
    return refl_bytes(t, s->o.shoeboxes, scratch, err) &&
           fs_write_atomic(path, scratch->text, scratch->len, err);
}

/* A process that died while it published left parts. With one set a frame there are too many names to look for. */
static void drop_torn(const struct sink *s, struct arena *a, const char *name)
{
    if (name && s->o.composite && s->o.replaces)
        fs_drop_torn(make_path(s, a, name, make_tag(s, a, NULL)));
}

/* Write the pair of one kind for some frames; a name that is NULL is not written. */
static bool write_pair(struct sink *s, enum table_kind kind, struct kept_frame *const *frames, size_t n,
                       const char *expt, const char *refl, struct error *err)
{
    struct arena a = {0};
    struct str bytes = {0};
    bool ok = true;
    drop_torn(s, &a, expt);
    drop_torn(s, &a, refl);
    struct table *t = expt || refl ? table_make(&a, kind, frames, n, s->o.recipe_hash) : NULL;
    if (t && t->n_experiments > 0) {
        const char *tag = make_tag(s, &a, t->frames[0]);
        struct expt_style style = {.hall = s->o.space_group_hall,
                                   .history = make_history(s, &a, t),
                                   .crystals = kind != TABLE_STRONG,
                                   .profiles = kind == TABLE_INTEGRATED,
                                   .covariance = s->o.cell_covariance};
        if (expt) {
            expt_text(t, &style, &bytes);
            ok = fs_write_atomic(make_path(s, &a, expt, tag), bytes.text, bytes.len, err);
        }
        if (ok && refl)
            ok = write_refl(s, t, make_path(s, &a, refl, tag), &bytes, err);
    } else if (t && s->o.replaces && s->o.composite) {
        drop(s, &a, expt);
        drop(s, &a, refl);
    }
    str_free(&bytes);
    arena_free(&a);
    return ok;
}

/* Frames of the detector that has this number, into a stream of its own: CrystFEL knows one geometry a stream. */
static bool write_stream(struct sink *s, struct kept_frame *const *frames, size_t n, int32_t number,
                         struct error *err)
{
    struct arena a = {0};
    struct str text = {0};
    struct kept_frame **mine = arena_array(&a, n, sizeof *mine);
    uint64_t *serials = arena_array(&a, n, sizeof *serials);
    size_t n_mine = 0;
    for (size_t i = 0; i < n; i++)
        if (frames[i]->detector->number == number) {
            serials[n_mine] = s->tags[frames[i]->source].first + frames[i]->frame + 1;
            mine[n_mine++] = frames[i];
        }
    char *program = arena_strdup(&a, s->o.program), *bar = strchr(program, '|');
    if (bar)
        *bar = ' ';
    struct stream_style style = {.program = program,
                                 .recipe_hash = s->o.recipe_hash,
                                 .hall = s->o.space_group_hall,
                                 .cell = s->o.cell,
                                 .fitted = s->o.fitted,
                                 .serials = serials};
    const char *tag = make_tag(s, &a, mine[0]);
    if (number > 0)
        tag = arena_printf(&a, "%s_geometry%d", tag, number + 1);
    bool ok = stream_text(mine, n_mine, &style, &text, err) &&
              fs_write_atomic(make_path(s, &a, s->o.stream, tag), text.text, text.len, err);
    str_free(&text);
    arena_free(&a);
    return ok;
}

static bool write_streams(struct sink *s, struct kept_frame *const *frames, size_t n, struct error *err)
{
    if (!s->o.stream)
        return true;
    int32_t n_detectors = kept_number_detectors(frames, n);
    for (int32_t number = 0; number < n_detectors; number++)
        if (!write_stream(s, frames, n, number, err))
            return false;
    if (n_detectors == 0 && s->o.replaces && s->o.composite) {
        struct arena a = {0};
        drop(s, &a, s->o.stream);
        arena_free(&a);
    }
    return true;
}

static bool write_set(struct sink *s, struct kept_frame *const *frames, size_t n, struct error *err)
{
    const struct sink_options *o = &s->o;
    return write_pair(s, TABLE_STRONG, frames, n, o->imported_expt, o->strong_refl, err) &&
           write_pair(s, TABLE_INDEXED, frames, n, o->refined_expt, o->indexed_refl, err) &&
           write_pair(s, TABLE_INTEGRATED, frames, n, o->integrated_expt, o->integrated_refl, err) &&
           write_streams(s, frames, n, err);
}

bool sink_publish(struct sink *s, struct error *err)
{
    if (s->n_frames == 0)
        return !s->o.composite || write_set(s, NULL, 0, err);
    qsort(s->frames, s->n_frames, sizeof(struct kept_frame *), frame_compare);
    for (size_t i = 0; i < s->n_frames; i++)
        if (!s->frames[i]->record && !kept_check(s->frames[i], err))
            return false;
    if (!kept_check_identifiers(s->frames, s->n_frames, s->o.recipe_hash, err))
        return false;
    if (s->o.composite)
        return write_set(s, s->frames, s->n_frames, err);
    for (size_t i = 0; i < s->n_frames; i++)
        if (!write_set(s, s->frames + i, 1, err))
            return false;
    return true;
}
