/* rows.c - results without their tables; see rows.h. The structs go as they are in memory: the ranks of a job run one program
 * (farm_open sees to it), and a member that is added later cannot be forgotten here. Pointers are set anew, and what the reader
 * relies on is checked. */
#include "parallel/rows.h"

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

enum { LATTICES_MAX = 64 };

/* The message is mostly empty and goes as text. */
enum { BEFORE = offsetof(struct result, message), AFTER = BEFORE + sizeof((struct result *)0)->message };

void rows_put(struct str *out, const struct result *r)
{
    size_t n = r->n_lattices < LATTICES_MAX ? r->n_lattices : LATTICES_MAX;
    struct result sent = *r;
    sent.shell_d = n ? store_shell_limit(r) : 0;
    wire_bytes(out, &sent, BEFORE);
    wire_bytes(out, (const char *)&sent + AFTER, sizeof sent - AFTER);
    wire_text(out, r->message);
    wire_u8(out, (uint8_t)n);
    for (size_t i = 0; i < n; i++) {
        uint8_t shells[RESULT_SHELLS];
        store_shells(r, (uint32_t)i, shells);
        wire_bytes(out, r->lattices + i, sizeof *r->lattices);
        wire_bytes(out, shells, sizeof shells);
    }
}

/* Exactly n bytes into a struct. */
static void get_struct(struct unwire *g, void *out, size_t n)
{
    size_t size;
    const uint8_t *bytes = unwire_bytes(g, &size);
    g->bad = g->bad || size != n;
    if (!g->bad)
        memcpy(out, bytes, n);
}

static bool get_frame(struct unwire *g, const struct source_list *l, struct result *r)
{
    size_t length = 0;
    get_struct(g, r, BEFORE);
    get_struct(g, (char *)r + AFTER, sizeof *r - AFTER);
    const uint8_t *text = unwire_u8(g) ? unwire_bytes(g, &length) : NULL;
    if (g->bad || length >= sizeof r->message || r->id.source >= l->n_sources ||
        r->id.frame >= l->sources[r->id.source].n_frames || r->outcome >= OUTCOME_END ||
        r->reason >= REASON_END || r->n_stages > STAGE_MAX)
        return false;
    if (length)
        memcpy(r->message, text, length);
    r->message[length] = 0;
    r->id.path = l->sources[r->id.source].recorded;
    r->detector = NULL;
    r->spots = NULL;
    r->pixels = NULL;
    r->indexed = r->integrated = NULL;
    r->n_pixels = r->n_indexed = r->n_integrated = 0;
    return true;
}

struct result *rows_get(struct unwire *g, const struct source_list *l)
{
    struct result frame = {0};
    bool ok = get_frame(g, l, &frame);
    size_t n = unwire_u8(g);
    if (!ok || n > LATTICES_MAX)
        return g->bad = true, NULL;
    struct result *r = calloc(1, sizeof *r + n * (sizeof *r->lattices + RESULT_SHELLS));
    if (!r)
        return NULL;
    struct lattice *lattices = (struct lattice *)(r + 1);
    uint8_t(*shells)[RESULT_SHELLS] = (uint8_t(*)[RESULT_SHELLS])(lattices + n);
    for (size_t i = 0; i < n; i++) {
        get_struct(g, lattices + i, sizeof *lattices);
        get_struct(g, shells[i], RESULT_SHELLS);
    }
    *r = frame;
    r->n_lattices = n;
    r->lattices = lattices;
    r->shells = (const uint8_t(*)[RESULT_SHELLS])shells;
    if (!g->bad)
        return r;
    free(r);
    return NULL;
}
