/* marccd.c - MarCCD and Rayonix ".mccd": a TIFF head of 1024 bytes, a binary header of 3072 bytes, 16-bit
 * counts at 4096.
 *
 * Offsets as FORMATS_INPUT 3 lists them; no file of a real camera was at hand, so every source of this format
 * carries a note that says so.
 */
#include "source/format.h"

#include <math.h>
#include <string.h>

enum {
    TIFF_HEAD = 1024,
    DATA_AT = 4096,
    AT_BYTE_ORDER = 28, /* these and all below: from the start of the binary header */
    AT_N_FAST = 80,
    AT_N_SLOW = 84,
    AT_DEPTH = 88,
    AT_SATURATED = 104,
    AT_DISTANCE = 640, /* µm / 1000, i.e. thousandths of a millimetre */
    AT_BEAM_X = 644,   /* pixels * 1000 */
    AT_BEAM_Y = 648,
    AT_PIXEL_X = 772, /* nm */
    AT_PIXEL_Y = 776,
    AT_WAVELENGTH = 908 /* fm */
};

static uint32_t field(const uint8_t *file, size_t at)
{
    const uint8_t *p = file + TIFF_HEAD + at;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool understands(const uint8_t *head, size_t n, const char *path)
{
    (void)path;
    return n >= DATA_AT && memcmp(head, "II*\0", 4) == 0 && field(head, AT_BYTE_ORDER) == 1234 &&
           field(head, AT_DEPTH) == 2;
}

static bool marccd_open(struct source *s, struct error *err)
{
    const uint8_t *file = s->content.data;
    uint32_t n_fast = field(file, AT_N_FAST), n_slow = field(file, AT_N_SLOW),
             saturated = field(file, AT_SATURATED);
    double pixel[2] = {field(file, AT_PIXEL_X) / 1e6, field(file, AT_PIXEL_Y) / 1e6},
           distance = field(file, AT_DISTANCE) / 1e3;
    double beam[2] = {field(file, AT_BEAM_X) / 1e3, field(file, AT_BEAM_Y) / 1e3};
    s->type = PIXEL_U16;
    if (n_fast < 1 || n_fast > 65536 || n_slow < 1 || n_slow > 65536)
        return error_set(err, ERROR_METADATA, "%s: its header states an image of %u x %s", s->path, n_fast,
                         COUNT(n_slow, "pixel"));
    if (!(pixel[0] > 0 && pixel[0] < 10 && pixel[1] > 0 && pixel[1] < 10))
        return error_set(err, ERROR_METADATA, "%s: its header states pixels of %g x %g mm", s->path, pixel[0],
                         pixel[1]);
    s->beam.v.wavelength = field(file, AT_WAVELENGTH) * 1e-5;
    if (distance == 0) {
        s->no_distance = true;
        s->missing = "detector distance";
        distance = 100;
    }
    if (beam[0] == 0 && beam[1] == 0) {
        s->no_centre = true;
        s->missing = s->no_distance ? "detector distance and beam centre" : "beam centre";
    }
    s->detector = detector_make(&s->arena, 1, 0);
    struct panel *p = &s->detector->panels[0];
    double origin[3] = {-beam[0] * pixel[0], beam[1] * pixel[1], -distance}, slow[3] = {0, -1, 0};
    memcpy(p->origin, origin, sizeof origin);
    memcpy(p->slow, slow, sizeof slow);
    p->n_fast = (int32_t)n_fast;
    p->n_slow = (int32_t)n_slow;
    p->pixel_fast = pixel[0];
    p->pixel_slow = pixel[1];
    p->trusted_lo = 0;
    p->trusted_hi = saturated > 1 && saturated < 65535 ? saturated - 1 : 65534;
    s->detector->info[0].name = "Panel";
    s->detector->info[0].type = "SENSOR_CCD";
    source_note(s, "MarCCD reader: made from a description, not verified on a file of a real camera");
    return detector_finish(s->detector, s->path, err);
}

static bool marccd_read(const struct source *s, uint32_t frame, struct frame_buffer *b, struct frame *out,
                        struct error *err)
{
    (void)frame;
    (void)b;
    size_t bytes = s->detector->n_pixels * 2;
    if (s->content.size - DATA_AT < bytes)
        return error_set(err, ERROR_TRUNCATED, "%s ends early: %s of pixels are announced, %zu are there",
                         s->path, COUNT(bytes, "byte"), s->content.size - DATA_AT);
    if (!bytes_reserve(&b->pixels, bytes, err))
        return false;
    memcpy(b->pixels.data, s->content.data + DATA_AT, bytes);
    out->pixels = b->pixels.data;
    return true;
}

static void marccd_close(struct source *s)
{
    (void)s;
}

const struct source_ops source_marccd = {
    .info = {"MarCCD", "*.mccd *.mccd.gz *.mccd.bz2",
             "MarCCD and Rayonix TIFF (not verified on a real file)"},
    .single = true,
    .understands = understands,
    .open = marccd_open,
    .read = marccd_read,
    .close = marccd_close,
};
