/* shelf.c - files and frames that were looked at last; see view.h.
 *
 * The lock is not held while a file is opened or a frame decoded: those who want the same one wait for it (the tiles of a frame are all asked
 * for at once, and should find it done by the first), others do not: who steps on is not held up by a neighbour that is fetched in advance, nor
 * by a file system that hangs. What is in use is never given up; what is not goes when room is needed, the one longest unused first.
 */
#include "view/view.h"

#include "view/found.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES = 16, SHEETS = 64 };

/* A file, as it was when it was opened. */
struct held {
    char *path; /* NULL: free */
    struct stat was;
    bool opening; /* by somebody; source is not there yet */
    struct source *source;
    uint64_t used;
    int users; /* sheets that point into it */
};

struct kept_sheet {
    struct view_sheet sheet; /* first: what is given out */
    struct held *file;       /* NULL: free */
    uint32_t number;
    struct frame_buffer buffer;
    struct arena arena;
    bool loading; /* by somebody, who is one of its users */
    size_t bytes;
    uint64_t used;
    int users;
};

struct view_shelf {
    pthread_mutex_t lock;
    pthread_cond_t done; /* something was opened or decoded, or could not be */
    struct found_journals *journals;
    pthread_mutex_t journals_lock; /* of its own: a picture need not wait for a long journal */
    size_t bytes_most, bytes, n_files;
    uint64_t clock;
    struct held *files;
    struct kept_sheet sheets[SHEETS];
};

static void sheet_drop(struct view_shelf *s, struct kept_sheet *k)
{
    if (!k->file)
        return;
    k->file->users--;
    s->bytes -= k->bytes;
    frame_buffer_free(&k->buffer);
    arena_free(&k->arena);
    *k = (struct kept_sheet){0};
}

static void held_drop(struct held *h)
{
    if (!h->path)
        return;
    if (h->source)
        source_close(h->source);
    free(h->path);
    *h = (struct held){0};
}

struct view_shelf *view_shelf_make(size_t bytes, size_t files)
{
    struct view_shelf *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->bytes_most = bytes;
    s->n_files = files ? files : FILES;
    s->files = calloc(s->n_files, sizeof *s->files);
    s->journals = found_journals_make();
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->done, NULL);
    pthread_mutex_init(&s->journals_lock, NULL);
    if (s->files && s->journals)
        return s;
    s->n_files = s->files ? s->n_files : 0;
    view_shelf_free(s);
    return NULL;
}

void view_shelf_free(struct view_shelf *s)
{
    if (!s)
        return;
    found_journals_free(s->journals);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->done);
    pthread_mutex_destroy(&s->journals_lock);
    for (int i = 0; i < SHEETS; i++)
        sheet_drop(s, s->sheets + i);
    for (size_t i = 0; i < s->n_files; i++)
        held_drop(s->files + i);
    free(s->files);
    free(s);
}

/* ---- files */

/* Is it still the file that was opened: not changed, not another one of the same name? */
static bool same(const struct held *h, const struct stat *now)
{
    const struct stat *was = &h->was;
    return was->st_dev == now->st_dev && was->st_ino == now->st_ino && was->st_size == now->st_size &&
           was->st_mtim.tv_sec == now->st_mtim.tv_sec && was->st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

/* Sheets of a file that nobody looks at. */
static void drop_unused(struct view_shelf *s, const struct held *h)
{
    for (int i = 0; i < SHEETS; i++)
        if (s->sheets[i].file == h && s->sheets[i].users == 0)
            sheet_drop(s, s->sheets + i);
}

/* A place for one more file. NULL: all are being looked at. */
static struct held *free_place(struct view_shelf *s)
{
    struct held *oldest = NULL;
    for (size_t i = 0; i < s->n_files; i++) {
        struct held *h = s->files + i;
        bool busy = h->opening;
        for (int k = 0; k < SHEETS; k++)
            busy = busy || (s->sheets[k].file == h && s->sheets[k].users > 0);
        if (!h->path)
            return h;
        if (!busy && (!oldest || h->used < oldest->used))
            oldest = h;
    }
    if (oldest) {
        drop_unused(s, oldest);
        held_drop(oldest);
    }
    return oldest;
}

static struct held *find_file(struct view_shelf *s, const char *path, const struct stat *now)
{
    for (size_t i = 0; i < s->n_files; i++) {
        struct held *h = s->files + i;
        if (h->path && strcmp(h->path, path) == 0 && same(h, now))
            return h;
    }
    return NULL;
}

/* Open a file in a place of its own; the lock is given up meanwhile. */
static bool open_file(struct view_shelf *s, const char *path, const struct stat *now, struct error *err)
{
    struct held *h = free_place(s);
    if (!h)
        return error_set(err, ERROR_BUSY, "too many images are being looked at");
    *h = (struct held){.path = strdup(path), .was = *now, .opening = true};
    if (!h->path) {
        *h = (struct held){0};
        return error_set(err, ERROR_MEMORY, "out of memory");
    }
    pthread_mutex_unlock(&s->lock);
    struct source *source = NULL;
    bool ok = source_open(path, NULL, &source, err);
    pthread_mutex_lock(&s->lock);
    h->source = source;
    h->opening = false;
    h->used = ++s->clock;
    if (!ok)
        held_drop(h);
    pthread_cond_broadcast(&s->done);
    return ok;
}

/* ---- frames */

static size_t sheet_bytes(const struct kept_sheet *k)
{
    const struct frame_buffer *b = &k->buffer;
    return b->raw.room + b->work.room + b->pixels.room + b->chunk.room + k->sheet.frame.detector->n_pixels;
}

static struct kept_sheet *find(struct view_shelf *s, const struct held *h, uint32_t frame)
{
    for (int i = 0; i < SHEETS; i++)
        if (s->sheets[i].file == h && s->sheets[i].number == frame)
            return s->sheets + i;
    return NULL;
}

/* Give up what was not looked at for longest until there is room; all that can be, where there is none. */
static void make_room(struct view_shelf *s)
{
    for (;;) {
        struct kept_sheet *oldest = NULL;
        int n = 0;
        for (int i = 0; i < SHEETS; i++) {
            struct kept_sheet *k = s->sheets + i;
            n += k->file != NULL;
            if (k->file && k->users == 0 && (!oldest || k->used < oldest->used))
                oldest = k;
        }
        if (!oldest || (s->bytes <= s->bytes_most && n < SHEETS))
            return;
        sheet_drop(s, oldest);
    }
}

/* What reading needed on the way is not needed again, unless the pixels are in it. */
static void free_unused(struct bytes *b, const void *pixels)
{
    const uint8_t *at = pixels;
    if (!b->data || at < b->data || at >= b->data + b->room)
        bytes_free(b);
}

static bool fill(struct kept_sheet *k, struct held *h, uint32_t frame, struct error *err)
{
    struct view_sheet *sheet = &k->sheet;
    if (frame >= source_frames(h->source))
        return error_set(err, ERROR_MISSING, "%s has no frame %u any more", h->path, frame);
    if (!source_read(h->source, frame, &k->buffer, &sheet->frame, err) ||
        !view_layout(sheet->frame.detector, 0, &sheet->layout, err))
        return false;
    free_unused(&k->buffer.raw, sheet->frame.pixels);
    free_unused(&k->buffer.work, sheet->frame.pixels);
    uint8_t *code = arena_alloc(&k->arena, sheet->frame.detector->n_pixels);
    view_codes(&sheet->frame, code, sheet->value);
    view_levels(code, sheet->frame.detector->n_pixels, sheet->value, &sheet->lo, &sheet->hi);
    sheet->code = code;
    return true;
}

/* Decode a frame into a place of its own; the lock is given up meanwhile. NULL: it cannot be shown. */
static struct kept_sheet *load(struct view_shelf *s, struct held *h, uint32_t frame, struct error *err)
{
    struct kept_sheet *k = NULL;
    make_room(s);
    for (int i = 0; i < SHEETS && !k; i++)
        k = s->sheets[i].file ? NULL : s->sheets + i;
    if (!k)
        return error_set(err, ERROR_BUSY, "too many images are being looked at"), NULL;
    *k = (struct kept_sheet){.file = h, .number = frame, .loading = true, .users = 1};
    h->users++;
    pthread_mutex_unlock(&s->lock);
    bool ok = fill(k, h, frame, err);
    pthread_mutex_lock(&s->lock);
    k->loading = false;
    if (ok) {
        k->bytes = sheet_bytes(k);
        s->bytes += k->bytes;
    } else {
        sheet_drop(s, k);
    }
    pthread_cond_broadcast(&s->done);
    return ok ? k : NULL;
}

/* What others are opening or decoding is waited for and looked for anew: it may have come to nothing. */
static struct kept_sheet *take(struct view_shelf *s, const char *path, const struct stat *now, uint32_t frame,
                               struct error *err)
{
    for (;;) {
        struct held *h = find_file(s, path, now);
        if (!h) {
            if (!open_file(s, path, now, err))
                return NULL;
            continue;
        }
        struct kept_sheet *k = h->opening ? NULL : find(s, h, frame);
        h->used = ++s->clock;
        if (h->opening || (k && k->loading)) {
            pthread_cond_wait(&s->done, &s->lock);
            continue;
        }
        if (k)
            k->users++;
        else
            k = load(s, h, frame, err);
        if (k)
            k->used = ++s->clock;
        return k;
    }
}

const struct view_sheet *view_shelf_take(struct view_shelf *s, const char *path, uint32_t frame,
                                         struct error *err)
{
    struct stat now = {0};
    if (stat(path, &now) != 0)
        return error_system(err, ERROR_UNREADABLE, "cannot open %s", path), NULL;
    pthread_mutex_lock(&s->lock);
    struct kept_sheet *k = take(s, path, &now, frame, err);
    make_room(s);
    pthread_mutex_unlock(&s->lock);
    return k ? &k->sheet : NULL;
}

void view_shelf_give(struct view_shelf *s, const struct view_sheet *sheet)
{
    if (!sheet)
        return;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < SHEETS; i++)
        if (&s->sheets[i].sheet == sheet)
            s->sheets[i].users--;
    make_room(s);
    pthread_mutex_unlock(&s->lock);
}

bool view_shelf_found(struct view_shelf *s, const char *journal, uint32_t source, uint32_t frame,
                      struct arena *a, struct result *out, bool *found, struct error *err)
{
    pthread_mutex_lock(&s->journals_lock);
    bool ok = found_read(s->journals, journal, source, frame, a, out, found, err);
    pthread_mutex_unlock(&s->journals_lock);
    return ok;
}
