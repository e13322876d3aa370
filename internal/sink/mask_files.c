/* mask_files.c - see mask_files.h. */
#include "sink/sink.h"

#include <stdio.h>
#include <string.h>

/* ---- DIALS ---- */

static void put_byte(struct str *out, unsigned value)
{
    str_addc(out, (char)value);
}

static void put_u32(struct str *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        put_byte(out, value >> (8 * i) & 0xff);
}

static void put_number(struct str *out, uint32_t value)
{
    put_byte(out, 'J'); /* BININT */
    put_u32(out, value);
}

static void put_global(struct str *out, const char *module, const char *name)
{
    str_printf(out, "c%s\n%s\n", module, name);
}

/* A byte of Latin 1 as UTF-8. */
static void put_latin(struct str *out, unsigned value)
{
    if (value < 0x80)
        put_byte(out, value);
    else {
        put_byte(out, 0xc0 | value >> 6);
        put_byte(out, 0x80 | (value & 0x3f));
    }
}

/* scitbx' single-buffered form: length of the head, the number of elements, '0' or '1' for each; by way of Latin 1, as protocol 2 of
 * Python 3 carries bytes. */
static void put_elements(const uint8_t *mask, size_t n, struct str *out)
{
    struct str head = {0};
    size_t bytes = 0;
    for (size_t left = n; left; left >>= 8)
        bytes++;
    put_latin(&head, (unsigned)bytes + 1);
    for (size_t i = 0; i < bytes; i++)
        put_latin(&head, n >> (8 * i) & 0xff);
    put_global(out, "_codecs", "encode");
    put_byte(out, 'X');
    put_u32(out, (uint32_t)(head.len + n));
    str_addn(out, head.text, head.len);
    str_reserve(out, n + 1);
    for (size_t i = 0; i < n; i++)
        str_addc(out, mask[i] ? '1' : '0');
    put_byte(out, 'X');
    put_u32(out, 6);
    str_add(out, "latin1");
    str_add(out, "\x86R"); /* TUPLE2, REDUCE */
    str_free(&head);
}

/* bool(), then its state: ((grid((0, 0), (slow, fast), True), its focus), elements). */
static void put_panel(const struct panel *p, const uint8_t *mask, struct str *out)
{
    uint32_t slow = (uint32_t)p->n_slow, fast = (uint32_t)p->n_fast;
    put_global(out, "scitbx_array_family_flex_ext", "bool");
    str_add(out, ")R");
    put_global(out, "scitbx_array_family_flex_ext", "grid");
    put_number(out, 0);
    put_number(out, 0);
    put_byte(out, 0x86);
    put_number(out, slow);
    put_number(out, fast);
    str_add(out, "\x86\x88\x87R"); /* TUPLE2, NEWTRUE, TUPLE3, REDUCE */
    put_number(out, slow);
    put_number(out, fast);
    str_add(out, "\x86"
                 "b"); /* TUPLE2, BUILD */
    put_elements(mask + p->first_pixel, (size_t)slow * fast, out);
    str_add(out, "\x86"
                 "b");
}

void sink_mask_dials(const struct detector *d, const uint8_t *mask, struct str *out)
{
    str_add(out, "\x80\x02(");
    for (size_t k = 0; k < d->n_panels; k++)
        put_panel(d->panels + k, mask, out);
    str_add(out, "t."); /* TUPLE, STOP */
}

/* ---- CrystFEL ---- */

/* Letters, digits and _ of a panel's name: what CrystFEL takes. */
static const char *plain_name(const struct detector *d, size_t k, char out[64])
{
    size_t n = 0;
    for (const char *c = d->info[k].name; *c && n < 50; c++)
        out[n++] =
            (char)((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ? *c
                                                                                                    : '_');
    out[n] = 0;
    if (n == 0)
        snprintf(out, 64, "p%zu", k);
    return out;
}

struct stretch {
    int32_t x0, x1;
};

/* The next stretch of masked pixels of a row from x on; x1 == x0: there is none. */
static struct stretch next_stretch(const uint8_t *row, int32_t n, int32_t x)
{
    while (x < n && row[x])
        x++;
    struct stretch s = {x, x};
    while (s.x1 < n && !row[s.x1])
        s.x1++;
    return s;
}

static bool has_stretch(const uint8_t *row, int32_t n, struct stretch s)
{
    struct stretch t = next_stretch(row, n, s.x0);
    return t.x0 == s.x0 && t.x1 == s.x1 && (s.x0 == 0 || row[s.x0 - 1]);
}

/* Each stretch of a row, with the rows below that have the same, unless the row above has it. */
static void put_regions(const struct detector *d, size_t k, const uint8_t *mask, size_t *number,
                        struct str *out)
{
    const struct panel *p = d->panels + k;
    char name[64];
    for (int32_t y = 0; y < p->n_slow; y++) {
        const uint8_t *row = mask + p->first_pixel + (size_t)y * (size_t)p->n_fast;
        for (struct stretch s = next_stretch(row, p->n_fast, 0); s.x1 > s.x0;
             s = next_stretch(row, p->n_fast, s.x1)) {
            int32_t last = y;
            if (y > 0 && has_stretch(row - p->n_fast, p->n_fast, s))
                continue;
            while (last + 1 < p->n_slow &&
                   has_stretch(row + (size_t)(last + 1 - y) * (size_t)p->n_fast, p->n_fast, s))
                last++;
            size_t n = (*number)++;
            str_printf(out,
                       "bad%zu/panel = %s\nbad%zu/min_fs = %d\nbad%zu/max_fs = %d\nbad%zu/min_ss = "
                       "%d\nbad%zu/max_ss = %d\n",
                       n, plain_name(d, k, name), n, s.x0, n, s.x1 - 1, n, y, n, last);
        }
    }
}

void sink_mask_crystfel(const struct detector *d, const uint8_t *mask, struct str *out)
{
    size_t number = 1;
    str_add(out, "; bad regions, both ends included; panels are named as in the image\n");
    for (size_t k = 0; k < d->n_panels; k++)
        put_regions(d, k, mask, &number, out);
}

/* ---- ours ---- */

void sink_mask_plain(const struct detector *d, const uint8_t *mask, struct str *out)
{
    str_add(out, "XFELXMASK1\n");
    for (size_t k = 0; k < d->n_panels; k++)
        str_printf(out, "%d %d\n", d->panels[k].n_fast, d->panels[k].n_slow);
    str_addc(out, '\n');
    str_reserve(out, d->n_pixels + 1);
    for (size_t i = 0; i < d->n_pixels; i++)
        str_addc(out, mask[i] ? 1 : 0);
}
