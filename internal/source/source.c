/* source.c - one opened file: find its format by its first bytes, let the format read what it says, settle
 * the rest.
 *
 * Single-image files are read whole when they are opened (they are small, and two trips to a busy file system
 * cost more than the bytes); containers are opened by path and read frame by frame.
 */
#include "source/format.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = 4096 };
#define SINGLE_LIMIT ((size_t)1200 << 20) /* 2^28 pixels of four bytes, and a header */

void frame_buffer_free(struct frame_buffer *b)
{
    bytes_free(&b->raw);
    bytes_free(&b->work);
    bytes_free(&b->pixels);
    bytes_free(&b->chunk);
    memset(b->chunk_of, 0, sizeof b->chunk_of);
}

void source_note(struct source *s, const char *format, ...)
{
    if (s->n_notes == SOURCE_NOTES)
        return;
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    s->notes[s->n_notes++] = arena_strdup(&s->arena, text);
}

/* ---- finding the format ---- */

static const struct source_ops *find_format(const uint8_t *head, size_t n, const char *path)
{
    for (size_t i = 0; source_formats[i]; i++)
        if (source_formats[i]->understands(head, n < HEAD ? n : HEAD, path))
            return source_formats[i];
    return NULL;
}

static bool none_of_ours(const uint8_t *head, size_t n, const char *path, struct error *err)
{
    char start[17] = "";
    for (size_t i = 0; i < n && i < 16; i++)
        start[i] = head[i] >= ' ' && head[i] < 127 ? (char)head[i] : '.';
    error_set(err, ERROR_UNREADABLE, "%s is none of the image formats that are read", path);
    error_detail(err, "it starts with \"%s\"", start);
    return error_hint(
        err, "CBF (imgCIF, miniCBF), SMV, MarCCD, and HDF5 (NXmx and others) are; .gz and .bz2 of the "
             "single-image ones too");
}

bool source_read_head(const char *path, uint8_t *head, size_t room, size_t *n, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        bool gone = errno == ENOENT;
        error_system(err, ERROR_UNREADABLE, "cannot open %s", path);
        return gone ? error_hint(err, "the file is not there, or not yet there") : false;
    }
    struct stat st;
    ssize_t got = 0;
    bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (!ok && S_ISDIR(st.st_mode))
        error_set(err, ERROR_UNREADABLE, "%s is a folder, not an image file", path),
            error_hint(err, "name a file in it; `xfelx process` takes folders too");
    else if (!ok)
        error_set(err, ERROR_UNREADABLE, "%s is not a file with data", path);
    else if ((got = pread(fd, head, room, 0)) < 0)
        ok = error_system(err, ERROR_IO, "cannot read %s", path);
    else if (got == 0)
        ok = error_set(err, ERROR_EMPTY, "%s is empty", path);
    close(fd);
    *n = got > 0 ? (size_t)got : 0;
    return ok;
}

bool source_peek(const char *path, bool *single, struct error *err)
{
    uint8_t head[HEAD];
    size_t n;
    if (!source_read_head(path, head, sizeof head, &n, err))
        return false;
    *single = true;
    if (source_packed(head, n))
        return true;
    const struct source_ops *ops = find_format(head, n, path);
    if (!ops)
        return none_of_ours(head, n, path, err);
    *single = ops->single;
    return true;
}

/* ---- opening ---- */

static struct source *source_make(const char *path, const struct source_options *o)
{
    struct source *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->path = arena_strdup(&s->arena, path);
    if (o)
        s->options = *o;
    s->beam = (struct beam){.v.direction = {0, 0, 1},
                            .polarization_normal = {0, 1, 0},
                            .polarization_fraction = 0.999,
                            .energy_recorded_ev = NAN,
                            .energy_source = 2};
    s->n_frames = 1;
    return s;
}

static void source_drop(struct source *s)
{
    bytes_free(&s->content);
    arena_free(&s->arena);
    free(s);
}

/* Let the format read its metadata and settle them. On failure the source is gone, content excepted. */
static bool source_start(struct source *s, const struct source_ops *ops, struct source **out,
                         struct error *err)
{
    s->ops = ops;
    if (!ops->open(s, err))
        return false;
    if (!source_settle(s, err)) {
        s->ops->close(s);
        return false;
    }
    *out = s;
    return true;
}

/* Take over content (unpacked first if need be, into *content) and open what it is. */
static bool open_content(struct source *s, struct bytes *raw, struct bytes *content, struct source **out,
                         struct error *err)
{
    if (source_packed(content->data, content->size)) {
        struct bytes packed = *content;
        *content = *raw;
        *raw = packed;
        if (!source_unpack(raw->data, raw->size, s->path, content, err))
            return false;
    }
    if (content->size == 0)
        return error_set(err, ERROR_EMPTY, "%s is empty", s->path);
    const struct source_ops *ops = find_format(content->data, content->size, s->path);
    if (!ops)
        return none_of_ours(content->data, content->size, s->path, err);
    if (!ops->single) {
        error_set(err, ERROR_UNSUPPORTED, "%s is a packed %s file", s->path, ops->info.name);
        return error_hint(err, "unpack it first: frames are read from inside the file");
    }
    s->content = *content;
    *content = (struct bytes){0};
    if (source_start(s, ops, out, err))
        return true;
    *content = s->content; /* the memory is lent: give it back for the next file */
    s->content = (struct bytes){0};
    return false;
}

bool source_open_lent(const char *path, const struct source_options *o, struct bytes *raw,
                      struct bytes *content, struct source **out, struct error *err)
{
    uint8_t head[HEAD];
    size_t n;
    *out = NULL;
    if (!source_read_head(path, head, sizeof head, &n, err))
        return false;
    const struct source_ops *ops = source_packed(head, n) ? NULL : find_format(head, n, path);
    if (!ops && !source_packed(head, n))
        return none_of_ours(head, n, path, err);
    struct source *s = source_make(path, o);
    if (!s)
        return error_set(err, ERROR_MEMORY, "no memory for opening %s", path);
    bool ok = ops && !ops->single
                  ? source_start(s, ops, out, err)
                  : fs_read(path, SINGLE_LIMIT, content, err) && open_content(s, raw, content, out, err);
    if (!ok)
        source_drop(s);
    return ok;
}

bool source_open(const char *path, const struct source_options *o, struct source **out, struct error *err)
{
    struct bytes raw = {0}, content = {0};
    bool ok = source_open_lent(path, o, &raw, &content, out, err);
    bytes_free(&raw);
    bytes_free(&content);
    return ok;
}

bool source_open_memory(const void *data, size_t n, const char *path, const struct source_options *o,
                        struct source **out, struct error *err)
{
    struct bytes raw = {0}, content = {0};
    *out = NULL;
    if (n == 0)
        return error_set(err, ERROR_EMPTY, "%s is empty", path);
    if (!bytes_reserve(&content, n, err))
        return false;
    memcpy(content.data, data, n);
    content.size = n;
    struct source *s = source_make(path, o);
    bool ok = s ? open_content(s, &raw, &content, out, err)
                : error_set(err, ERROR_MEMORY, "no memory for opening %s", path);
    if (s && !ok)
        source_drop(s);
    bytes_free(&raw);
    bytes_free(&content);
    return ok;
}

void source_close_lent(struct source *s, struct bytes *content)
{
    if (!s)
        return;
    s->ops->close(s);
    if (s->content.room > content->room) {
        bytes_free(content);
        *content = s->content;
        s->content = (struct bytes){0};
    }
    source_drop(s);
}

void source_close(struct source *s)
{
    struct bytes content = {0};
    source_close_lent(s, &content);
    bytes_free(&content);
}

/* ---- reading and asking ---- */

bool source_read(const struct source *s, uint32_t frame, struct frame_buffer *buffer, struct frame *out,
                 struct error *err)
{
    if (frame >= s->n_frames)
        return error_set(err, ERROR_MISSING, "%s has %s, number %u was asked for (from 0)", s->path,
                         COUNT(s->n_frames, "frame"), frame);
    *out = (struct frame){
        .id = {.frame = frame, .path = s->path, .single = s->ops->single},
        .beam = s->beam_of_file,
        .detector = s->detector,
        .type = s->type,
        .mask = s->mask,
        .unplaced = s->unplaced,
        .event = INT64_MIN,
        .t_event = INT64_MIN,
    };
    return s->ops->read(s, frame, buffer, out, err) && source_settle_beam(s, &out->beam, err);
}

const char *source_format(const struct source *s)
{
    return s->ops->info.name;
}

const char *source_path(const struct source *s)
{
    return s->path;
}

uint32_t source_frames(const struct source *s)
{
    return s->n_frames;
}

const struct detector *source_detector(const struct source *s)
{
    return s->detector;
}

const struct beam *source_beam(const struct source *s)
{
    return &s->beam;
}

const uint8_t *source_mask(const struct source *s)
{
    return s->mask;
}

enum pixel_type source_pixel_type(const struct source *s)
{
    return s->type;
}

const char *const *source_notes(const struct source *s, size_t *n)
{
    *n = s->n_notes;
    return s->notes;
}
