/* h5_pixels.c - frames of HDF5 images: which pieces, which chunks of them, pread, decode, copy into place. Files are
 * opened for each frame: thousands of data files of one master must not keep thousands of descriptors. */
#include "source/h5_pixels.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool h5_image_type(const struct h5_description *d, const struct h5_image *m, const char *name,
                   enum pixel_type *type, struct error *err)
{
    bool known = false;
    *type = PIXEL_I32;
    for (uint64_t i = 0; i < m->n_pieces; i++) {
        const struct h5_array *a = &d->arrays[m->pieces[i].array];
        if (a->fault_code != ERROR_NONE)
            continue;
        if (known && a->type != *type)
            return error_set(err, ERROR_UNSUPPORTED, "%s: %s has pixels of another type than the rest", name,
                             a->dataset);
        *type = (enum pixel_type)a->type;
        known = true;
    }
    return true;
}

/* ---- one frame in the making ---- */

struct job {
    const struct h5_array *array;
    const struct h5_piece *piece;
    const struct h5_image *image;
    uint64_t frame, source_frame, serial;
    const char *name;
    struct frame_buffer *buffer;
    uint8_t *out;
    size_t pixel;     /* bytes */
    uint64_t covered; /* pixels so far */
    int fd;           /* of path; -1: none open */
    const char *path;
};

/* A decoded box of an array. */
struct box {
    uint8_t *data;
    uint64_t origin[H5_ROLES], size[H5_ROLES], stride[H5_ROLES]; /* stride in pixels */
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void swap_pixels(uint8_t *p, size_t n, size_t bytes)
{
    for (size_t i = 0; i < n; i++, p += bytes) {
        for (size_t k = 0; k < bytes / 2; k++) {
            uint8_t t = p[k];
            p[k] = p[bytes - 1 - k];
            p[bytes - 1 - k] = t;
        }
    }
}

static void fill_strides(const struct h5_array *a, struct box *b)
{
    uint64_t stride = 1;
    for (size_t i = H5_ROLES; i-- > 0;) {
        b->stride[a->order[i]] = stride;
        stride *= b->size[a->order[i]];
    }
}

/* Copy what a box and the piece share at this frame into the image. */
static void copy_box(struct job *j, const struct box *b)
{
    const struct h5_piece *p = j->piece;
    uint64_t lo[H5_ROLES], hi[H5_ROLES];
    for (size_t i = H5_MODULE; i < H5_ROLES; i++) {
        lo[i] = larger(b->origin[i], p->from[i]);
        hi[i] = smaller(b->origin[i] + b->size[i], p->from[i] + p->size[i]);
        if (lo[i] >= hi[i])
            return;
    }
    uint64_t run = hi[H5_FAST] - lo[H5_FAST],
             frame = (j->source_frame - b->origin[H5_FRAME]) * b->stride[H5_FRAME];
    for (uint64_t m = lo[H5_MODULE]; m < hi[H5_MODULE]; m++) {
        for (uint64_t s = lo[H5_SLOW]; s < hi[H5_SLOW]; s++) {
            uint64_t from = frame + (m - b->origin[H5_MODULE]) * b->stride[H5_MODULE] +
                            (s - b->origin[H5_SLOW]) * b->stride[H5_SLOW] +
                            (lo[H5_FAST] - b->origin[H5_FAST]);
            uint64_t row = (m - p->from[H5_MODULE] + p->at[H5_MODULE]) * j->image->extent[H5_SLOW] +
                           (s - p->from[H5_SLOW] + p->at[H5_SLOW]);
            uint64_t to = row * j->image->extent[H5_FAST] + (lo[H5_FAST] - p->from[H5_FAST] + p->at[H5_FAST]);
            memcpy(j->out + to * j->pixel, b->data + from * j->pixel, run * j->pixel);
        }
    }
    j->covered += run * (hi[H5_MODULE] - lo[H5_MODULE]) * (hi[H5_SLOW] - lo[H5_SLOW]);
}

static bool open_file(struct job *j, struct error *err)
{
    if (j->fd >= 0 && strcmp(j->path, j->array->path) == 0)
        return true;
    if (j->fd >= 0)
        close(j->fd);
    j->path = j->array->path;
    j->fd = open(j->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return j->fd >= 0 || error_system(err, ERROR_MISSING, "%s: frame %llu: cannot open %s", j->name,
                                      (unsigned long long)j->frame, j->path);
}

/* n stored bytes at an address into buffer->raw, or straight to `to`. */
static bool fetch(struct job *j, uint64_t address, uint8_t *to, size_t n, struct error *err)
{
    if (address > INT64_MAX - n)
        return error_set(err, ERROR_DAMAGED, "%s: frame %llu: it is said to lie at byte %llu", j->name,
                         (unsigned long long)j->frame, (unsigned long long)address);
    return open_file(j, err) && fs_pread(j->fd, to, n, address, j->path, err);
}

/* ---- contiguous and compact ---- */

/* Does each frame lie in one stretch: is nothing outside of the dimension of frames? */
static bool frames_are_whole(const struct h5_array *a)
{
    for (size_t i = 0; i < H5_ROLES && a->order[i] != H5_FRAME; i++) {
        if (a->extent[a->order[i]] > 1 && a->extent[H5_FRAME] > 1)
            return false;
    }
    return true;
}

static bool read_contiguous(struct job *j, struct error *err)
{
    const struct h5_array *a = j->array;
    struct box b = {.size = {1, a->extent[H5_MODULE], a->extent[H5_SLOW], a->extent[H5_FAST]}};
    size_t n = (size_t)(b.size[H5_MODULE] * b.size[H5_SLOW] * b.size[H5_FAST]) * j->pixel;
    uint64_t offset = j->source_frame * n;
    if (!frames_are_whole(a))
        return error_set(err, ERROR_UNSUPPORTED, "%s: %s: frames are not its first dimension", j->name,
                         a->dataset);
    if (!bytes_reserve(&j->buffer->raw, n, err))
        return false;
    b.data = j->buffer->raw.data;
    b.origin[H5_FRAME] = j->source_frame;
    fill_strides(a, &b);
    if (a->layout == H5_COMPACT) {
        memcpy(b.data, a->bytes + offset, n); /* n_bytes was checked to be all frames */
    } else if (a->address == 0) {
        return error_set(err, ERROR_MISSING, "%s: frame %llu was not written", j->name,
                         (unsigned long long)j->frame);
    } else if (a->address > INT64_MAX - offset || !fetch(j, a->address + offset, b.data, n, err)) {
        return err->code != ERROR_NONE ||
               error_set(err, ERROR_DAMAGED, "%s: %s lies outside its file", j->name, a->dataset);
    }
    if (a->swap)
        swap_pixels(b.data, n / j->pixel, j->pixel);
    copy_box(j, &b);
    return true;
}

/* ---- chunked ---- */

static size_t chunk_bytes(const struct h5_array *a, size_t pixel)
{
    for (size_t i = 0; i < H5_ROLES; i++)
        pixel *= (size_t)a->chunk[i];
    return pixel;
}

/* Fetch and decode chunk number `cell` to out. */
static bool read_chunk(struct job *j, uint64_t cell, uint8_t *out, size_t n, struct error *err)
{
    const struct h5_array *a = j->array;
    const struct h5_chunk *c = &a->chunks[cell];
    char name[512];
    if (c->address == 0)
        return error_set(err, ERROR_MISSING, "%s: frame %llu was not written", j->name,
                         (unsigned long long)j->frame);
    snprintf(name, sizeof name, "%s: frame %llu: chunk at byte %llu", j->name, (unsigned long long)j->frame,
             (unsigned long long)c->address);
    if (c->size > 2 * n + 4096) /* no filter of ours makes data twice as large */
        return error_set(err, ERROR_DAMAGED, "%s: its stored size of %s is impossible", name,
                         COUNT(c->size, "byte"));
    if (!bytes_reserve(&j->buffer->raw, c->size, err) ||
        !fetch(j, c->address, j->buffer->raw.data, c->size, err) ||
        !h5_chunk_decode(a, c->mask, j->buffer->raw.data, c->size, out, n, j->buffer->work.data, name, err))
        return false;
    if (a->swap)
        swap_pixels(out, n / j->pixel, j->pixel);
    return true;
}

/* One chunk is one whole frame in the image's own order: decode in place. */
static bool chunk_is_frame(const struct job *j)
{
    const struct h5_array *a = j->array;
    bool same = a->chunk[H5_FRAME] == 1 && a->order[H5_ROLES - 2] == H5_SLOW;
    for (size_t i = H5_MODULE; i < H5_ROLES; i++) {
        uint64_t n = j->image->extent[i];
        same = same && a->chunk[i] == n && a->extent[i] == n && j->piece->size[i] == n;
    }
    return same;
}

/* Decoded chunks of several frames are kept for the next frame; others are decoded again and again into the same place. */
static bool keep_chunk(struct job *j, uint64_t cell, size_t n, uint8_t **data, struct error *err)
{
    struct frame_buffer *b = j->buffer;
    uint64_t of[3] = {j->serial, (uint64_t)(j->piece->array) << 1 | 1, cell};
    if (b->chunk.size == n && memcmp(b->chunk_of, of, sizeof of) == 0) {
        *data = b->chunk.data;
        return true;
    }
    memset(b->chunk_of, 0, sizeof b->chunk_of);
    if (!bytes_reserve(&b->chunk, n, err) || !read_chunk(j, cell, b->chunk.data, n, err))
        return false;
    b->chunk.size = n;
    memcpy(b->chunk_of, of, sizeof of);
    *data = b->chunk.data;
    return true;
}

static uint64_t cell_number(const struct h5_array *a, const uint64_t *cell)
{
    uint64_t number = 0;
    for (size_t i = 0; i < H5_ROLES; i++) {
        uint32_t role = a->order[i];
        number = number * ((a->extent[role] + a->chunk[role] - 1) / a->chunk[role]) + cell[role];
    }
    return number;
}

static bool read_chunked(struct job *j, struct error *err)
{
    const struct h5_array *a = j->array;
    const struct h5_piece *p = j->piece;
    size_t n = chunk_bytes(a, j->pixel);
    uint64_t cell[H5_ROLES] = {j->source_frame / a->chunk[H5_FRAME]}, lo[H5_ROLES], hi[H5_ROLES];
    if (!bytes_reserve(&j->buffer->work, h5_chunk_work(n), err))
        return false;
    if (chunk_is_frame(j)) {
        if (!read_chunk(j, cell_number(a, cell), j->out, n, err))
            return false;
        j->covered += n / j->pixel;
        return true;
    }
    for (size_t i = H5_MODULE; i < H5_ROLES; i++) {
        lo[i] = p->from[i] / a->chunk[i];
        hi[i] = (p->from[i] + p->size[i] - 1) / a->chunk[i];
    }
    struct box b;
    memcpy(b.size, a->chunk, sizeof b.size);
    fill_strides(a, &b);
    for (cell[H5_MODULE] = lo[H5_MODULE]; cell[H5_MODULE] <= hi[H5_MODULE]; cell[H5_MODULE]++) {
        for (cell[H5_SLOW] = lo[H5_SLOW]; cell[H5_SLOW] <= hi[H5_SLOW]; cell[H5_SLOW]++) {
            for (cell[H5_FAST] = lo[H5_FAST]; cell[H5_FAST] <= hi[H5_FAST]; cell[H5_FAST]++) {
                for (size_t i = 0; i < H5_ROLES; i++)
                    b.origin[i] = cell[i] * a->chunk[i];
                if (!keep_chunk(j, cell_number(a, cell), n, &b.data, err))
                    return false;
                copy_box(j, &b);
            }
        }
    }
    return true;
}

/* ---- frames ---- */

static bool read_piece(struct job *j, const struct h5_description *d, struct error *err)
{
    j->array = &d->arrays[j->piece->array];
    j->source_frame = j->frame - j->piece->at[H5_FRAME] + j->piece->from[H5_FRAME];
    if (j->array->fault_code != ERROR_NONE)
        return error_set(err, (enum error_code)j->array->fault_code, "%s: frame %llu: %s", j->name,
                         (unsigned long long)j->frame, j->array->fault);
    return j->array->layout == H5_CHUNKED ? read_chunked(j, err) : read_contiguous(j, err);
}

/* The first piece that begins after a frame. */
static uint64_t after_frame(const struct h5_image *m, uint64_t frame)
{
    uint64_t lo = 0, hi = m->n_pieces;
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        if (m->pieces[mid].at[H5_FRAME] <= frame)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool h5_image_read(const struct h5_description *d, const struct h5_image *m, enum pixel_type type,
                   uint64_t frame, const char *name, uint64_t serial, struct frame_buffer *buffer,
                   uint8_t *out, struct error *err)
{
    struct error problem = {0};
    struct job j = {.image = m,
                    .frame = frame,
                    .serial = serial,
                    .name = name,
                    .buffer = buffer,
                    .out = out,
                    .fd = -1,
                    .pixel = pixel_bytes(type)};
    bool ok = true;
    for (uint64_t i = after_frame(m, frame); ok && i-- > 0 && m->reach[i] > frame;) {
        j.piece = &m->pieces[i];
        if (j.piece->at[H5_FRAME] + j.piece->size[H5_FRAME] > frame)
            ok = read_piece(&j, d, &problem);
    }
    if (j.fd >= 0)
        close(j.fd);
    if (ok && j.covered < m->extent[H5_MODULE] * m->extent[H5_SLOW] * m->extent[H5_FAST])
        return error_set(err, ERROR_MISSING, "%s: frame %llu was not written, or not all of it", name,
                         (unsigned long long)frame);
    if (!ok && err)
        *err = problem;
    return ok;
}
