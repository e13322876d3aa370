/* helper_reply_fuzz.c - any bytes as the HDF5 helper's answer: refused, or a description whose every index and size is
 * good, which can be written and read again. Geometry and frames are then tried with it (its files are not there). */
#include "source/h5_pixels.h"
#include "source/nexus.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_images(const struct h5_description *d)
{
    for (size_t i = 0; i < d->n_images; i++) {
        const struct h5_image *m = &d->images[i];
        for (uint64_t k = 0; k < m->n_pieces; k++) {
            const struct h5_piece *p = &m->pieces[k];
            check(p->array < d->n_arrays);
            for (size_t r = 0; r < H5_ROLES; r++) {
                check(p->at[r] + p->size[r] <= m->extent[r]);
                check(d->arrays[p->array].fault_code ||
                      p->from[r] + p->size[r] <= d->arrays[p->array].extent[r]);
            }
        }
    }
}

static void try_geometry(const struct h5_description *d, struct arena *a)
{
    struct detector *det = NULL;
    struct panel_place *places = NULL;
    const char *notes[8];
    size_t n = 0;
    double *v;
    uint64_t n_v;
    bool b;
    if (d->n_images == 0)
        return;
    nexus_detector(d, &d->images[0], true, PIXEL_U16, "fuzz", a, &det, &places, notes, &n, NULL);
    n = 0;
    nexus_detector(d, &d->images[0], false, PIXEL_U16, "fuzz", a, &det, &places, notes, &n, NULL);
    dectris_detector(d, &d->images[0], true, PIXEL_U16, "fuzz", a, &det, &places, &b, &b, NULL);
    if (d->images[0].extent[H5_FRAME] < 10000)
        nexus_wavelengths(d, d->images[0].extent[H5_FRAME], "fuzz", a, &v, &n_v, NULL);
}

/* Small images only: what is read is the business of other targets. */
static void try_frames(const struct h5_description *d)
{
    struct frame_buffer buffer = {0};
    for (size_t i = 0; i < d->n_images && i < 4; i++) {
        const struct h5_image *m = &d->images[i];
        uint64_t pixels = m->extent[H5_MODULE] * m->extent[H5_SLOW] * m->extent[H5_FAST];
        enum pixel_type type;
        struct error err = {0};
        if (pixels > 1 << 16 || m->extent[H5_FRAME] == 0 || !h5_image_type(d, m, "fuzz", &type, &err))
            continue;
        uint8_t *out = malloc((size_t)pixels * pixel_bytes(type));
        bool ok = h5_image_read(d, m, type, 0, "fuzz", 1, &buffer, out, &err);
        check(ok || err.code != ERROR_NONE);
        free(out);
    }
    bytes_free(&buffer.raw);
    bytes_free(&buffer.work);
    bytes_free(&buffer.chunk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct error err = {0};
    struct h5_description d, again;
    struct h5_request q;
    uint8_t *bytes = malloc(size ? size : 1);
    memcpy(bytes, data, size);
    h5_request_read(bytes, size, &a, &q, &err);
    if (h5_description_read(bytes, size, "fuzz", &a, &d, &err)) {
        struct str out = {0};
        check_images(&d);
        h5_description_write(&d, &out);
        check(h5_description_read((const uint8_t *)out.text, out.len, "fuzz", &a, &again, &err));
        str_free(&out);
        try_geometry(&d, &a);
        bool far = false; /* an answer that names real files or large chunks is not followed */
        for (size_t i = 0; i < d.n_arrays; i++)
            far = far ||
                  d.arrays[i].chunk[0] * d.arrays[i].chunk[1] * d.arrays[i].chunk[2] * d.arrays[i].chunk[3] >
                      1 << 20;
        if (!far)
            try_frames(&d);
    }
    arena_free(&a);
    free(bytes);
    return 0;
}
