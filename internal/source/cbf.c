/* cbf.c - the formats imgCIF and miniCBF: one parse, then whichever header the file has; and pixels for both.
 */
#include "source/cbf.h"

#include <string.h>

static bool understands(const uint8_t *head, size_t n, const char *path)
{
    (void)path;
    return n >= 6 && memcmp(head, "###CBF", 6) == 0;
}

/* Which of the file's sections holds an array: by _array_data.array_id, or the only one there is. */
static int find_section(const struct cif *c, const char *array)
{
    const struct cif_table *t = cif_find(c, "array_data", "data");
    int data = cif_column(t, "data");
    for (size_t row = 0; t && row < t->n_rows; row++) {
        const char *id = cif_text(t, row, "array_id");
        if ((id && array && strcmp(id, array) == 0) || (c->n_sections == 1 && (!id || !array)))
            return t->cells[row * t->n_columns + (size_t)data].section;
    }
    return -1;
}

/* Find each panel's section and check that its rectangle lies inside. */
static bool check_places(struct source *s, struct cbf *c, struct error *err)
{
    bool typed = false;
    s->type = PIXEL_I32;
    c->used = arena_array(&s->arena, c->cif.n_sections, sizeof *c->used);
    for (size_t i = 0; i < s->detector->n_panels; i++) {
        struct cbf_place *place = &c->places[i];
        const struct panel *p = &s->detector->panels[i];
        place->section = find_section(&c->cif, place->array);
        if (place->section < 0)
            continue;
        size_t size_of[3], last[3] = {place->start[0] + 1, place->start[1] + 1, place->start[2] + 1};
        enum pixel_type type;
        if (!cbf_section_shape(&c->cif.sections[place->section], s->path, size_of, &type, err))
            return false;
        if (typed && type != s->type)
            return error_set(err, ERROR_UNSUPPORTED, "%s: its arrays have different types", s->path);
        s->type = type;
        typed = true;
        c->used[place->section] = true;
        last[place->fast] = place->start[place->fast] + (size_t)p->n_fast;
        last[place->slow] = place->start[place->slow] + (size_t)p->n_slow;
        for (int k = 0; k < 3; k++)
            if (last[k] > size_of[k])
                return error_set(err, ERROR_METADATA,
                                 "%s: panel %s reaches to element %zu of dimension %d, its array has %zu",
                                 s->path, s->detector->info[i].name, last[k], k + 1, size_of[k]);
    }
    return true;
}

static bool cbf_open(struct source *s, struct error *err)
{
    struct cbf *c = arena_alloc(&s->arena, sizeof *c);
    s->own = c;
    if (!cif_parse(s->content.data, s->content.size, s->path, &s->arena, &c->cif, err))
        return false;
    bool full = cif_find(&c->cif, "axis", "id") && cif_find(&c->cif, "array_structure_list", "axis_set_id");
    s->ops = full ? &source_imgcif : &source_minicbf;
    if (!full && !cbf_header_lines(&c->cif))
        return error_set(err, ERROR_METADATA, "%s has neither axes nor a miniCBF header", s->path);
    return (full ? cbf_full_open : cbf_mini_open)(s, c, err) && check_places(s, c, err);
}

/* ---- pixels ---- */

/* Copy a panel's rectangle out of its decoded array. */
static void gather(const struct cbf_place *place, const struct panel *p, const size_t size_of[3],
                   size_t bytes, const uint8_t *array, uint8_t *out)
{
    size_t stride[3] = {bytes, bytes * size_of[0], bytes * size_of[0] * size_of[1]};
    const uint8_t *first = array;
    for (int k = 0; k < 3; k++)
        first += place->start[k] * stride[k];
    for (size_t y = 0; y < (size_t)p->n_slow; y++) {
        const uint8_t *row = first + y * stride[place->slow];
        if (place->fast == 0) {
            memcpy(out, row, bytes * (size_t)p->n_fast);
            out += bytes * (size_t)p->n_fast;
            continue;
        }
        for (size_t x = 0; x < (size_t)p->n_fast; x++, out += bytes)
            memcpy(out, row + x * stride[place->fast], bytes);
    }
}

static bool no_pixels(const struct source *s, size_t panel, struct error *err)
{
    return error_set(err, ERROR_MISSING, "%s holds no pixels for panel %s", s->path,
                     s->detector->info[panel].name),
           error_detail(err, "the file is a header only, or its _array_data table is not complete");
}

/* All panels that lie in one section: it is decoded once, straight into place when it is one whole panel. */
static bool read_section(const struct source *s, int number, struct frame_buffer *b, struct error *err)
{
    const struct cbf *c = s->own;
    const struct cbf_section *section = &c->cif.sections[number];
    size_t size_of[3], bytes = pixel_size(s->type);
    enum pixel_type type;
    bool decoded = false;
    if (!cbf_section_shape(section, s->path, size_of, &type, err))
        return false;
    size_t n = size_of[0] * size_of[1] * size_of[2];
    for (size_t i = 0; i < s->detector->n_panels; i++) {
        const struct cbf_place *place = &c->places[i];
        const struct panel *p = &s->detector->panels[i];
        uint8_t *pixels = b->pixels.data + p->first_pixel * bytes;
        if (place->section != number)
            continue;
        if (n == (size_t)p->n_fast * (size_t)p->n_slow && place->fast < place->slow) {
            if (!cbf_section_decode(section, s->path, pixels, err))
                return false;
            continue;
        }
        if (!decoded && (!bytes_reserve(&b->work, n * bytes, err) ||
                         !cbf_section_decode(section, s->path, b->work.data, err)))
            return false;
        decoded = true;
        gather(place, p, size_of, bytes, b->work.data, pixels);
    }
    return true;
}

static bool cbf_read(const struct source *s, uint32_t frame, struct frame_buffer *b, struct frame *out,
                     struct error *err)
{
    (void)frame;
    const struct cbf *c = s->own;
    for (size_t i = 0; i < s->detector->n_panels; i++)
        if (c->places[i].section < 0)
            return no_pixels(s, i, err);
    if (!bytes_reserve(&b->pixels, s->detector->n_pixels * pixel_size(s->type), err))
        return false;
    for (size_t k = 0; k < c->cif.n_sections; k++)
        if (c->used[k] && !read_section(s, (int)k, b, err))
            return false;
    out->pixels = b->pixels.data;
    return true;
}

static void cbf_close(struct source *s)
{
    (void)s;
}

const struct source_ops source_imgcif = {
    .info = {"imgCIF", "*.cbf *.cbf.gz *.cbf.bz2",
             "full CBF with axes: CSPAD, Rayonix at LCLS, Pilatus with axes"},
    .single = true,
    .understands = understands,
    .open = cbf_open,
    .read = cbf_read,
    .close = cbf_close,
};

const struct source_ops source_minicbf = {
    .info = {"miniCBF", "*.cbf *.cbf.gz *.cbf.bz2", "Dectris headers: Pilatus, Eiger by converters, SLS"},
    .single = true,
    .understands = understands,
    .open = cbf_open,
    .read = cbf_read,
    .close = cbf_close,
};
