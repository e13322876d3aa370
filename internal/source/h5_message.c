/* h5_message.c - requests and answers of the metadata helper as bytes. Numbers are little-endian; texts are a length
 * and bytes without NUL. Writers and readers stand in pairs, so that a field that is added to one is seen missing in
 * the other. */
#include "source/h5_message.h"

#include <stdlib.h>
#include <string.h>

static const char REQUEST_MAGIC[] = "xfelx-h5-request-1";
static const char DESCRIPTION_MAGIC[] = "xfelx-h5-description-1";

enum {
    TEXT_MOST = 1 << 16,
    WANTED_MOST = 4096,
    ARRAYS_MOST = 10000000,
    PIECES_MOST = 10000000,
    AXES_MOST = 100000,
    CHUNK_BYTES_MOST = 1 << 30, /* decoded */
};
static const uint64_t FRAMES_MOST = 100000000, IMAGE_PIXELS_MOST = 1u << 28;

/* ---- bytes out ---- */

static void put_number(struct str *out, uint64_t value, int bytes)
{
    char b[8];
    for (int i = 0; i < bytes; i++)
        b[i] = (char)(uint8_t)(value >> (8 * i));
    str_addn(out, b, (size_t)bytes);
}

static void put_u32(struct str *out, uint32_t value)
{
    put_number(out, value, 4);
}

static void put_u64(struct str *out, uint64_t value)
{
    put_number(out, value, 8);
}

static void put_u64s(struct str *out, const uint64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_u64(out, values[i]);
}

static void put_reals(struct str *out, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], 8);
        put_u64(out, bits);
    }
}

static void put_text(struct str *out, const char *text)
{
    size_t n = text ? strnlen(text, TEXT_MOST) : 0;
    put_u32(out, (uint32_t)n);
    str_addn(out, text ? text : "", n);
}

/* ---- bytes in ---- */

struct reader {
    const uint8_t *at;
    size_t left;
    struct arena *arena;
    const char *wrong; /* first thing that was wrong; NULL: none so far */
};

static bool wrong(struct reader *r, const char *what)
{
    if (!r->wrong)
        r->wrong = what;
    r->left = 0;
    return false;
}

static uint64_t take_number(struct reader *r, size_t bytes)
{
    if (r->left < bytes) {
        wrong(r, "it ends early");
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)r->at[i] << (8 * i);
    r->at += bytes;
    r->left -= bytes;
    return value;
}

static uint32_t take_u32(struct reader *r)
{
    return (uint32_t)take_number(r, 4);
}

static uint64_t take_u64(struct reader *r)
{
    return take_number(r, 8);
}

static void take_u64s(struct reader *r, uint64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = take_u64(r);
}

static void take_reals(struct reader *r, double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = take_u64(r);
        memcpy(&values[i], &bits, 8);
    }
}

static const char *take_text(struct reader *r)
{
    uint32_t n = take_u32(r);
    if (n > TEXT_MOST || n > r->left) {
        wrong(r, "a text is too long");
        return "";
    }
    const char *text = arena_strndup(r->arena, (const char *)r->at, n);
    r->at += n;
    r->left -= n;
    return text;
}

/* A number of elements that take at least `least` bytes each in the message; memory is taken only when they
 * can be there. Gives a valid pointer for 0. */
static void *take_count(struct reader *r, uint64_t most, size_t least, size_t element, size_t *n)
{
    uint64_t count = take_u64(r);
    if (count > most || count > r->left / least) {
        wrong(r, "a count is too large");
        count = 0;
    }
    *n = (size_t)count;
    return arena_array(r->arena, *n, element);
}

static uint32_t take_below(struct reader *r, uint64_t limit, const char *what)
{
    uint32_t value = take_u32(r);
    if (value >= limit) {
        wrong(r, what);
        return 0;
    }
    return value;
}

static bool take_magic(struct reader *r, const char *magic)
{
    return strcmp(take_text(r), magic) == 0 || wrong(r, "it does not begin as such a message");
}

static bool finished(const struct reader *r, const char *name, struct error *err)
{
    if (r->wrong)
        return error_set(err, ERROR_DAMAGED, "%s: what the HDF5 helper says cannot be used", name),
               error_detail(err, "%s", r->wrong);
    if (r->left > 0)
        return error_set(err, ERROR_DAMAGED, "%s: what the HDF5 helper says cannot be used", name),
               error_detail(err, "%s are left over", COUNT(r->left, "byte"));
    return true;
}

/* ---- arrays ---- */

static void write_array(const struct h5_array *a, struct str *out)
{
    put_text(out, a->path);
    put_text(out, a->dataset);
    put_text(out, a->fault);
    put_u32(out, a->fault_code);
    put_u32(out, a->layout);
    put_u32(out, a->type);
    put_u32(out, a->swap);
    for (size_t i = 0; i < H5_ROLES; i++)
        put_u32(out, a->order[i]);
    put_u64s(out, a->extent, H5_ROLES);
    put_u64s(out, a->chunk, H5_ROLES);
    put_u32(out, a->n_filters);
    for (size_t i = 0; i < a->n_filters; i++) {
        put_u32(out, a->filters[i].id);
        put_u32(out, a->filters[i].n_values);
        for (size_t k = 0; k < a->filters[i].n_values; k++)
            put_u32(out, a->filters[i].values[k]);
    }
    put_u64(out, a->address);
    put_u64(out, a->n_bytes);
    str_addn(out, (const char *)a->bytes, a->n_bytes);
    put_u64(out, a->n_chunks);
    for (size_t i = 0; i < a->n_chunks; i++) {
        put_u64(out, a->chunks[i].address);
        put_u32(out, a->chunks[i].size);
        put_u32(out, a->chunks[i].mask);
    }
}

static void read_filters(struct reader *r, struct h5_array *a)
{
    a->n_filters = take_below(r, H5_FILTERS_MOST + 1, "too many filters");
    for (size_t i = 0; i < a->n_filters; i++) {
        struct h5_filter *f = &a->filters[i];
        f->id = take_u32(r);
        f->n_values = take_below(r, H5_FILTER_VALUES + 1, "too many filter parameters");
        for (size_t k = 0; k < f->n_values; k++)
            f->values[k] = take_u32(r);
    }
}

/* Sizes in sensible limits, order a permutation with fast last, grid of chunks as said. */
static bool check_array(struct reader *r, const struct h5_array *a)
{
    uint32_t seen = 0;
    uint64_t pixels = 1, chunk = pixel_bytes((enum pixel_type)a->type), cells = 1;
    for (size_t i = 0; i < H5_ROLES; i++) {
        seen |= 1u << a->order[i];
        uint64_t most = i == H5_FRAME ? FRAMES_MOST : H5_DIMENSION_MOST;
        if (a->extent[i] < (i == H5_FRAME ? 0 : 1) || a->extent[i] > most || a->chunk[i] < 1 ||
            a->chunk[i] > most)
            return wrong(r, "an extent is out of range");
        if (i != H5_FRAME && (pixels *= a->extent[i]) > IMAGE_PIXELS_MOST)
            return wrong(r, "a frame has too many pixels");
        if (a->layout == H5_CHUNKED && (chunk *= a->chunk[i]) > CHUNK_BYTES_MOST)
            return wrong(r, "a chunk is too large");
        cells *= (a->extent[i] + a->chunk[i] - 1) / a->chunk[i]; /* below 10^8 · 2^28: no overflow */
    }
    if (seen != (1u << H5_ROLES) - 1 || a->order[H5_ROLES - 1] != H5_FAST)
        return wrong(r, "the order of dimensions is none");
    if (a->layout == H5_CHUNKED ? a->n_chunks != cells : a->n_chunks != 0)
        return wrong(r, "the table of chunks does not fit the dataset");
    if (a->layout == H5_COMPACT &&
        a->n_bytes != pixels * a->extent[H5_FRAME] * pixel_bytes((enum pixel_type)a->type))
        return wrong(r, "the bytes of a compact dataset do not fit");
    return true;
}

static void read_array(struct reader *r, struct h5_array *a)
{
    a->path = take_text(r);
    a->dataset = take_text(r);
    a->fault = take_text(r);
    a->fault_code = take_u32(r);
    a->layout = take_below(r, H5_COMPACT + 1, "an unknown layout");
    a->type = take_below(r, PIXEL_TYPES, "an unknown pixel type");
    a->swap = take_below(r, 2, "a flag that is none");
    for (size_t i = 0; i < H5_ROLES; i++)
        a->order[i] = take_below(r, H5_ROLES, "an unknown dimension");
    take_u64s(r, a->extent, H5_ROLES);
    take_u64s(r, a->chunk, H5_ROLES);
    read_filters(r, a);
    a->address = take_u64(r);
    size_t n;
    uint8_t *bytes = take_count(r, 1 << 20, 1, 1, &n);
    memcpy(bytes, r->at, n);
    r->at += n;
    r->left -= n;
    a->bytes = bytes;
    a->n_bytes = n;
    a->chunks = take_count(r, UINT32_MAX, 16, sizeof *a->chunks, &n);
    a->n_chunks = n;
    for (size_t i = 0; i < n; i++) {
        a->chunks[i].address = take_u64(r);
        a->chunks[i].size = take_u32(r);
        a->chunks[i].mask = take_u32(r);
    }
    if (a->fault_code != ERROR_NONE) {
        if (a->fault_code < ERROR_UNREADABLE || a->fault_code > ERROR_MASK)
            wrong(r, "an unknown kind of fault");
        return; /* never read: its sizes do not matter */
    }
    check_array(r, a);
}

/* ---- images ---- */

static void write_image(const struct h5_image *m, struct str *out)
{
    put_text(out, m->name);
    put_u32(out, m->use);
    put_u64s(out, m->extent, H5_ROLES);
    put_u64(out, m->n_pieces);
    for (size_t i = 0; i < m->n_pieces; i++) {
        put_u32(out, m->pieces[i].array);
        put_u64s(out, m->pieces[i].at, H5_ROLES);
        put_u64s(out, m->pieces[i].from, H5_ROLES);
        put_u64s(out, m->pieces[i].size, H5_ROLES);
    }
}

static bool box_fits(const uint64_t *at, const uint64_t *size, const uint64_t *extent)
{
    for (size_t i = 0; i < H5_ROLES; i++) {
        if (size[i] < 1 || size[i] > extent[i] || at[i] > extent[i] - size[i])
            return false;
    }
    return true;
}

/* Pieces are walked from the last that begins at or before a frame downwards while reach says that an earlier
 * one may still cover it. */
static void fill_reach(struct h5_image *m, struct arena *a)
{
    m->reach = arena_array(a, (size_t)m->n_pieces, sizeof *m->reach);
    uint64_t reach = 0;
    for (size_t i = 0; i < m->n_pieces; i++) {
        uint64_t end = m->pieces[i].at[H5_FRAME] + m->pieces[i].size[H5_FRAME];
        reach = end > reach ? end : reach;
        m->reach[i] = reach;
    }
}

static int compare_u64s(const uint64_t *a, const uint64_t *b)
{
    for (size_t i = 0; i < H5_ROLES; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

static int compare_pieces(const void *left, const void *right)
{
    const struct h5_piece *a = left, *b = right;
    int order = compare_u64s(a->at, b->at);
    if (order == 0)
        order = (a->array > b->array) - (a->array < b->array);
    if (order == 0)
        order = compare_u64s(a->from, b->from);
    return order != 0 ? order : compare_u64s(a->size, b->size);
}

void h5_image_sort(struct h5_image *m, struct arena *a)
{
    if (m->n_pieces > 1)
        qsort(m->pieces, (size_t)m->n_pieces, sizeof *m->pieces, compare_pieces);
    fill_reach(m, a);
}

static void read_image(struct reader *r, const struct h5_description *d, struct h5_image *m)
{
    m->name = take_text(r);
    m->use = take_u32(r);
    take_u64s(r, m->extent, H5_ROLES);
    uint64_t pixels = 1;
    for (size_t i = 0; i < H5_ROLES; i++) {
        uint64_t most = i == H5_FRAME ? FRAMES_MOST : H5_DIMENSION_MOST;
        if (m->extent[i] < (i == H5_FRAME ? 0 : 1) || m->extent[i] > most)
            wrong(r, "an extent is out of range");
        else if (i != H5_FRAME && (pixels *= m->extent[i]) > IMAGE_PIXELS_MOST)
            wrong(r, "a frame has too many pixels");
    }
    size_t n;
    m->pieces = take_count(r, PIECES_MOST, 4 + 3 * 8 * H5_ROLES, sizeof *m->pieces, &n);
    m->n_pieces = n;
    for (size_t i = 0; i < n && !r->wrong; i++) {
        struct h5_piece *p = &m->pieces[i];
        p->array = take_below(r, d->n_arrays, "a piece of no dataset");
        take_u64s(r, p->at, H5_ROLES);
        take_u64s(r, p->from, H5_ROLES);
        take_u64s(r, p->size, H5_ROLES);
        if (r->wrong)
            return;
        const struct h5_array *a = &d->arrays[p->array];
        if (!box_fits(p->at, p->size, m->extent))
            wrong(r, "a piece lies outside its image");
        else if (a->fault_code == ERROR_NONE && !box_fits(p->from, p->size, a->extent))
            wrong(r, "a piece lies outside its dataset");
        else if (i > 0 && p[-1].at[H5_FRAME] > p->at[H5_FRAME])
            wrong(r, "pieces are not in order");
    }
    if (!r->wrong)
        fill_reach(m, r->arena);
}

/* ---- the rest ---- */

static void write_axis(const struct h5_axis *x, struct str *out)
{
    put_text(out, x->path);
    put_u32(out, (uint32_t)x->depends_on);
    put_u32(out, x->rotation);
    put_text(out, x->unit);
    put_text(out, x->offset_unit);
    put_text(out, x->component);
    put_reals(out, &x->value, 1);
    put_reals(out, x->vector, 3);
    put_reals(out, x->offset, 3);
    put_u32(out, x->varies);
}

static void read_axis(struct reader *r, size_t n_axes, struct h5_axis *x)
{
    x->path = take_text(r);
    x->depends_on = (int32_t)take_u32(r);
    if (x->depends_on < -1 || (x->depends_on >= 0 && (size_t)x->depends_on >= n_axes))
        wrong(r, "an axis depends on none");
    x->rotation = take_below(r, 2, "an unknown kind of axis");
    x->unit = take_text(r);
    x->offset_unit = take_text(r);
    x->component = take_text(r);
    take_reals(r, &x->value, 1);
    take_reals(r, x->vector, 3);
    take_reals(r, x->offset, 3);
    x->varies = take_below(r, 2, "a flag that is none");
}

static void write_module(const struct h5_module *m, struct str *out)
{
    put_text(out, m->path);
    put_u32(out, m->n_origin);
    put_u32(out, m->n_size);
    put_u64s(out, m->origin, 3);
    put_u64s(out, m->size, 3);
    put_u32(out, m->fast);
    put_u32(out, m->slow);
}

static void read_module(struct reader *r, size_t n_axes, struct h5_module *m)
{
    m->path = take_text(r);
    m->n_origin = take_below(r, 4, "a module of more than three dimensions");
    m->n_size = take_below(r, 4, "a module of more than three dimensions");
    take_u64s(r, m->origin, 3);
    take_u64s(r, m->size, 3);
    m->fast = take_below(r, n_axes, "a module on no axis");
    m->slow = take_below(r, n_axes, "a module on no axis");
}

static void write_values(const struct h5_description *d, struct str *out)
{
    put_u64(out, d->n_values);
    for (size_t i = 0; i < d->n_values; i++) {
        put_text(out, d->values[i].key);
        put_text(out, d->values[i].unit);
        put_u64(out, d->values[i].n);
        put_reals(out, d->values[i].v, (size_t)d->values[i].n);
    }
    put_u64(out, d->n_texts);
    for (size_t i = 0; i < d->n_texts; i++) {
        put_text(out, d->texts[i].key);
        put_text(out, d->texts[i].text);
    }
    put_u64(out, d->n_notes);
    for (size_t i = 0; i < d->n_notes; i++)
        put_text(out, d->notes[i]);
}

static void read_values(struct reader *r, struct h5_description *d)
{
    d->values = take_count(r, 10000, 16, sizeof *d->values, &d->n_values);
    for (size_t i = 0; i < d->n_values; i++) {
        size_t n;
        d->values[i].key = take_text(r);
        d->values[i].unit = take_text(r);
        d->values[i].v = take_count(r, FRAMES_MOST, 8, sizeof(double), &n);
        d->values[i].n = n;
        take_reals(r, d->values[i].v, n);
    }
    d->texts = take_count(r, 10000, 8, sizeof *d->texts, &d->n_texts);
    for (size_t i = 0; i < d->n_texts; i++) {
        d->texts[i].key = take_text(r);
        d->texts[i].text = take_text(r);
    }
    d->notes = take_count(r, 1000, 4, sizeof *d->notes, &d->n_notes);
    for (size_t i = 0; i < d->n_notes; i++)
        d->notes[i] = take_text(r);
}

void h5_description_write(const struct h5_description *d, struct str *out)
{
    put_text(out, DESCRIPTION_MAGIC);
    put_text(out, d->layout);
    put_u64(out, d->n_arrays);
    for (size_t i = 0; i < d->n_arrays; i++)
        write_array(&d->arrays[i], out);
    put_u64(out, d->n_images);
    for (size_t i = 0; i < d->n_images; i++)
        write_image(&d->images[i], out);
    put_u64(out, d->n_axes);
    for (size_t i = 0; i < d->n_axes; i++)
        write_axis(&d->axes[i], out);
    put_u64(out, d->n_modules);
    for (size_t i = 0; i < d->n_modules; i++)
        write_module(&d->modules[i], out);
    write_values(d, out);
}

bool h5_description_read(const uint8_t *bytes, size_t n, const char *name, struct arena *a,
                         struct h5_description *out, struct error *err)
{
    struct reader r = {bytes, n, a, NULL};
    *out = (struct h5_description){0};
    take_magic(&r, DESCRIPTION_MAGIC);
    out->layout = take_text(&r);
    out->arrays = take_count(&r, ARRAYS_MOST, 100, sizeof *out->arrays, &out->n_arrays);
    for (size_t i = 0; i < out->n_arrays && !r.wrong; i++)
        read_array(&r, &out->arrays[i]);
    out->images = take_count(&r, WANTED_MOST, 48, sizeof *out->images, &out->n_images);
    for (size_t i = 0; i < out->n_images && !r.wrong; i++)
        read_image(&r, out, &out->images[i]);
    out->axes = take_count(&r, AXES_MOST, 84, sizeof *out->axes, &out->n_axes);
    for (size_t i = 0; i < out->n_axes && !r.wrong; i++)
        read_axis(&r, out->n_axes, &out->axes[i]);
    out->modules = take_count(&r, AXES_MOST, 68, sizeof *out->modules, &out->n_modules);
    for (size_t i = 0; i < out->n_modules && !r.wrong; i++)
        read_module(&r, out->n_axes, &out->modules[i]);
    read_values(&r, out);
    return finished(&r, name, err);
}

void h5_request_write(const struct h5_request *q, struct str *out)
{
    put_text(out, REQUEST_MAGIC);
    put_u32(out, q->ask);
    put_text(out, q->path);
    put_u64(out, q->n_images);
    for (size_t i = 0; i < q->n_images; i++) {
        put_text(out, q->images[i].path);
        put_u32(out, q->images[i].use);
        put_u32(out, q->images[i].n_roles);
        for (size_t k = 0; k < q->images[i].n_roles; k++)
            put_u32(out, q->images[i].roles[k]);
    }
    put_u64(out, q->n_values);
    for (size_t i = 0; i < q->n_values; i++)
        put_text(out, q->values[i]);
}

bool h5_request_read(const uint8_t *bytes, size_t n, struct arena *a, struct h5_request *out,
                     struct error *err)
{
    struct reader r = {bytes, n, a, NULL};
    *out = (struct h5_request){0};
    take_magic(&r, REQUEST_MAGIC);
    out->ask = take_u32(&r);
    if (out->ask < H5_ASK_LAYOUT || out->ask > H5_ASK_MASK)
        wrong(&r, "an unknown request");
    out->path = take_text(&r);
    out->images = take_count(&r, WANTED_MOST, 12, sizeof *out->images, &out->n_images);
    for (size_t i = 0; i < out->n_images; i++) {
        struct h5_wanted *w = &out->images[i];
        w->path = take_text(&r);
        w->use = take_u32(&r);
        w->n_roles = take_below(&r, H5_ROLES + 1, "too many dimensions");
        for (size_t k = 0; k < w->n_roles; k++)
            w->roles[k] = take_below(&r, H5_ROLES, "an unknown dimension");
    }
    out->values = take_count(&r, WANTED_MOST, 4, sizeof *out->values, &out->n_values);
    for (size_t i = 0; i < out->n_values; i++)
        out->values[i] = take_text(&r);
    return finished(&r, "a request", err);
}

/* ---- look-ups ---- */

const struct h5_value *h5_value_find(const struct h5_description *d, const char *key)
{
    for (size_t i = 0; i < d->n_values; i++) {
        if (strcmp(d->values[i].key, key) == 0)
            return &d->values[i];
    }
    return NULL;
}

const char *h5_text_find(const struct h5_description *d, const char *key)
{
    for (size_t i = 0; i < d->n_texts; i++) {
        if (strcmp(d->texts[i].key, key) == 0)
            return d->texts[i].text;
    }
    return NULL;
}

const struct h5_image *h5_image_find(const struct h5_description *d, uint32_t use)
{
    for (size_t i = 0; i < d->n_images; i++) {
        if (d->images[i].use == use)
            return &d->images[i];
    }
    return NULL;
}
