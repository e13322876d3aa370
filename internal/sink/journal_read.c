/* journal_read.c - reading journals; see journal.h.
 *
 * Read with pread, not mapped: a disk that fails under a mapped file kills the process. One window moves over the file. Whatever
 * the bytes are, no record is given whose checksum does not hold. */
#include "sink/journal_format.h"

#include "model/model.h"

#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW = 1 << 20, DETECTORS_MAX = 1 << 20, SOURCES_MAX = 1 << 24 };

struct journal_reader {
    struct arena memory;
    char *path;
    int fd;
    struct journal_identity identity;
    uint8_t slots[JOURNAL_FIRST];
    uint64_t size, at, whole; /* of the file; next record; end of the last good one */
    uint64_t seq;             /* smallest that may come */
    struct bytes window;
    uint64_t window_at;
    struct journal_gap *gaps;
    size_t n_gaps;
    struct journal_seen seen;
    bool ended;
};

/* ---- bytes */

/* n bytes at an offset, in the window. NULL: the file ends before, or cannot be read. */
static const uint8_t *fetch(struct journal_reader *r, uint64_t at, size_t n, struct error *err)
{
    if (at >= r->window_at && at + n <= r->window_at + r->window.size)
        return r->window.data + (at - r->window_at);
    if (at + n > r->size)
        return error_set(err, ERROR_TRUNCATED, "%s ends early", r->path), NULL;
    size_t want = n > WINDOW ? n : WINDOW;
    want = want > r->size - at ? (size_t)(r->size - at) : want;
    if (!bytes_reserve(&r->window, want, err))
        return NULL;
    if (!fs_pread(r->fd, r->window.data, want, at, r->path, err)) {
        r->window.size = 0;
        return NULL;
    }
    r->window.size = want;
    r->window_at = at;
    return r->window.data;
}

/* ---- opening */

/* A head that cannot be believed: nothing of the file can. */
static bool damaged(const struct journal_reader *r, const char *what, struct error *err)
{
    error_set(err, ERROR_DAMAGED, "%s %s", r->path, what);
    return error_hint(err, "move that file away: the frames in it are done again");
}

static bool read_header(struct journal_reader *r, struct error *err)
{
    uint8_t head[JOURNAL_FIRST];
    if (r->size < JOURNAL_FIRST)
        return damaged(r, "is not a journal of xfelx", err);
    if (!fs_pread(r->fd, head, sizeof head, 0, r->path, err))
        return false;
    if (memcmp(head, journal_magic, 8) != 0)
        return damaged(r, "is not a journal of xfelx", err);
    struct unwire g = {head + 8, head + JOURNAL_HEADER, false};
    unsigned version = unwire_u16(&g), size = unwire_u16(&g);
    if (version != JOURNAL_VERSION)
        return error_set(err, ERROR_UNSUPPORTED,
                         "%s is a journal of version %u; this program reads version %u", r->path, version,
                         JOURNAL_VERSION),
               error_hint(err, "read it with the xfelx that wrote it, or a newer one");
    uint32_t order = unwire_u32(&g);
    r->identity.attempt = unwire_u64(&g);
    r->identity.rank = unwire_u32(&g);
    uint32_t flags = unwire_u32(&g);
    r->identity.created = (int64_t)unwire_u64(&g);
    memcpy(r->identity.recipe, g.at, 16);
    g.at += 16;
    uint32_t first = unwire_u32(&g);
    if (crc32c(0, head, 60) != unwire_u32(&g))
        return damaged(r, "has a damaged head", err);
    if (size != JOURNAL_HEADER || order != 0x01020304 || flags != 0 || first != JOURNAL_FIRST)
        return error_set(err, ERROR_UNSUPPORTED, "%s is a journal in a form that is not known (flags %u)",
                         r->path, flags);
    memcpy(r->slots, head, sizeof head);
    return true;
}

bool journal_open(const char *path, struct journal_reader **out, struct error *err)
{
    struct journal_reader *r = calloc(1, sizeof *r);
    struct stat st;
    *out = NULL;
    if (!r)
        return error_set(err, ERROR_MEMORY, "no memory for a journal");
    r->path = arena_strdup(&r->memory, path);
    r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool ok = r->fd >= 0 && fstat(r->fd, &st) == 0;
    if (!ok)
        error_system(err, ERROR_UNREADABLE, "%s cannot be opened", path);
    else if (!S_ISREG(st.st_mode))
        ok = error_set(err, ERROR_UNREADABLE, "%s is not a file", path);
    if (ok) {
        r->size = (uint64_t)st.st_size;
        r->at = r->whole = JOURNAL_FIRST;
        ok = read_header(r, err);
    }
    if (!ok) {
        journal_reader_close(r);
        return false;
    }
    *out = r;
    return true;
}

void journal_reader_close(struct journal_reader *r)
{
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    bytes_free(&r->window);
    arena_free(&r->memory);
    free(r);
}

const struct journal_identity *journal_identity(const struct journal_reader *r)
{
    return &r->identity;
}

const char *journal_path(const struct journal_reader *r)
{
    return r->path;
}

const char *const *journal_sources(const struct journal_reader *r, size_t *n)
{
    *n = r->seen.n_paths;
    return r->seen.paths;
}

/* ---- records */

/* A record as it stands; sizes not yet believed. */
struct head {
    uint32_t size, n, crc;
    unsigned type, version;
    uint64_t seq;
    int64_t t;
};

static struct head read_head(const uint8_t *bytes)
{
    struct unwire g = {bytes, bytes + RECORD_HEADER, false};
    struct head h = {.size = unwire_u32(&g)};
    h.type = unwire_u16(&g);
    h.version = unwire_u16(&g);
    h.seq = unwire_u64(&g);
    h.t = (int64_t)unwire_u64(&g);
    h.n = unwire_u32(&g);
    h.crc = unwire_u32(&g);
    return h;
}

enum found { GOOD, BAD, NOT_READ };

/* Is there a whole record at this place, with this or a later number? */
static enum found look(struct journal_reader *r, uint64_t at, struct head *h, const uint8_t **body,
                       struct error *err)
{
    if (r->size - at < RECORD_HEADER)
        return BAD;
    const uint8_t *bytes = fetch(r, at, RECORD_HEADER, err);
    if (!bytes)
        return NOT_READ;
    *h = read_head(bytes);
    if (h->size < RECORD_HEADER || h->size > RECORD_MAX || h->size % 8 || h->n > h->size - RECORD_HEADER ||
        h->size > r->size - at || h->seq < r->seq || h->seq == UINT64_MAX || h->type == 0)
        return BAD;
    bytes = fetch(r, at, h->size, err);
    if (!bytes)
        return NOT_READ;
    if (crc32c(crc32c(0, bytes, 28), bytes + RECORD_HEADER, h->n) != h->crc)
        return BAD;
    for (uint32_t i = RECORD_HEADER + h->n; i < h->size; i++)
        if (bytes[i])
            return BAD;
    *body = bytes + RECORD_HEADER;
    return GOOD;
}

/* The next good record at or after r->at, which is moved there. Skipped bytes become a gap when something good follows. */
static enum found find(struct journal_reader *r, struct head *h, const uint8_t **body, struct error *err)
{
    enum found f = BAD;
    uint64_t at = r->at;
    for (; at < r->size && (f = look(r, at, h, body, err)) == BAD; at += 8)
        ;
    if (f != GOOD)
        return f;
    if (at > r->at) {
        r->gaps = arena_grow(&r->memory, r->gaps, r->n_gaps, sizeof *r->gaps);
        r->gaps[r->n_gaps++] = (struct journal_gap){r->at, at - r->at};
    }
    r->at = at;
    return GOOD;
}

static bool known(const struct journal_reader *r, const struct head *h, uint64_t at, struct error *err)
{
    if (h->version == JOURNAL_VERSION && h->type < JOURNAL_TYPES)
        return true;
    return error_set(
               err, ERROR_UNSUPPORTED,
               "%s: the record at byte %llu has type %u, version %u; this program knows types 1 to %d of "
               "version %d",
               r->path, (unsigned long long)at, h->type, h->version, JOURNAL_TYPES - 1, JOURNAL_VERSION),
           error_hint(err, "read it with the xfelx that wrote it, or a newer one");
}

/* ---- what later records refer to */

static bool see_start(struct journal_reader *r, const struct journal_record *record)
{
    struct unwire g = {record->body, record->body + record->n, false};
    struct arena *a = &r->memory;
    size_t n;
    unwire_text(&g, a); /* program, host, boot: for people, who look with journal_next */
    unwire_text(&g, a);
    unwire_text(&g, a);
    unwire_u32(&g);
    unwire_u32(&g);
    unwire_bytes(&g, &n);
    size_t n_sources = unwire_u32(&g);
    if (g.bad || n_sources > SOURCES_MAX || n_sources > (size_t)(g.end - g.at) / 20)
        return false;
    const char **paths = arena_array(a, n_sources, sizeof *paths);
    for (size_t i = 0; i < n_sources && !g.bad; i++) {
        unwire_u64(&g);
        unwire_u64(&g);
        unwire_u32(&g);
        const char *path = unwire_text(&g, a);
        paths[i] = path ? path : "";
    }
    if (g.bad || g.at != g.end)
        return false;
    r->seen.paths = paths;
    r->seen.n_paths = n_sources;
    return true;
}

/* Detectors are numbered as they come. One that was lost in a gap leaves its place empty: its frames are refused. */
static bool see_detector(struct journal_reader *r, const struct journal_record *record)
{
    struct unwire g = {record->body, record->body + record->n, false};
    size_t number = unwire_u32(&g);
    struct journal_seen *s = &r->seen;
    if (g.bad || number > DETECTORS_MAX || number < s->n_detectors || number > s->n_detectors + r->seq)
        return false;
    const struct detector *d = detector_unpack(&g, &r->memory);
    if (!d || g.at != g.end)
        return false;
    while (s->n_detectors <= number) {
        s->detectors = arena_grow(&r->memory, s->detectors, s->n_detectors, sizeof *s->detectors);
        s->detectors[s->n_detectors++] = NULL;
    }
    s->detectors[number] = d;
    return true;
}

static bool see(struct journal_reader *r, const struct journal_record *record, struct error *err)
{
    bool ok = record->type == JOURNAL_START      ? see_start(r, record)
              : record->type == JOURNAL_DETECTOR ? see_detector(r, record)
                                                 : true;
    r->ended = record->type == JOURNAL_END;
    return ok || error_set(err, ERROR_DAMAGED, "%s: the record at byte %llu does not say what it should",
                           r->path, (unsigned long long)record->offset);
}

const char *journal_start_recipe(const struct journal_record *record, struct arena *a)
{
    enum { TEXT_MAX = 16 << 20 };
    struct unwire g = {record->body, record->body + record->n, false};
    size_t packed;
    if (record->type != JOURNAL_START)
        return NULL;
    unwire_text(&g, a);
    unwire_text(&g, a);
    unwire_text(&g, a);
    unwire_u32(&g);
    uint32_t n = unwire_u32(&g);
    const void *bytes = unwire_bytes(&g, &packed);
    if (g.bad || n > TEXT_MAX || packed > TEXT_MAX)
        return NULL;
    char *text = arena_alloc(a, (size_t)n + 1);
    if (LZ4_decompress_safe(bytes, text, (int)packed, (int)n) != (int)n)
        return NULL;
    text[n] = 0;
    return text;
}

bool journal_next(struct journal_reader *r, struct journal_record *out, struct error *err)
{
    struct head h;
    const uint8_t *body;
    enum found f = find(r, &h, &body, err);
    if (f == BAD)
        return error_set(err, ERROR_END, "%s: no more records", r->path);
    if (f == NOT_READ || !known(r, &h, r->at, err))
        return false;
    *out = (struct journal_record){r->at, h.seq, h.t, (enum journal_type)h.type, body, h.n};
    r->seq = h.seq + 1;
    r->at += h.size;
    r->whole = r->at;
    return see(r, out, err);
}

bool journal_more(struct journal_reader *r)
{
    struct stat st;
    if (fstat(r->fd, &st) != 0 || (uint64_t)st.st_size < r->whole)
        return false;
    r->window.size = 0; /* its last bytes may have been written only in part */
    r->size = (uint64_t)st.st_size;
    return true;
}

bool journal_at(struct journal_reader *r, uint64_t offset, struct journal_record *out, struct error *err)
{
    struct head h;
    const uint8_t *body;
    uint64_t seq = r->seq;
    r->seq = 0;
    enum found f = offset >= JOURNAL_FIRST && offset < r->size ? look(r, offset, &h, &body, err) : BAD;
    r->seq = seq;
    if (f == BAD)
        return error_set(err, ERROR_CHANGED, "%s: the record at byte %llu is no longer there", r->path,
                         (unsigned long long)offset);
    if (f == NOT_READ || !known(r, &h, offset, err))
        return false;
    *out = (struct journal_record){offset, h.seq, h.t, (enum journal_type)h.type, body, h.n};
    return true;
}

/* ---- facts */

const struct journal_gap *journal_gaps(const struct journal_reader *r, size_t *n)
{
    *n = r->n_gaps;
    return r->gaps;
}

uint64_t journal_whole(const struct journal_reader *r)
{
    return r->whole;
}

bool journal_ended(const struct journal_reader *r)
{
    return r->ended;
}

bool journal_result(const struct journal_reader *r, const struct journal_record *record, struct arena *a,
                    struct result *out, struct error *err)
{
    if (record->type != JOURNAL_FRAME)
        return error_set(err, ERROR_INTERNAL, "%s: record %llu is no frame", r->path,
                         (unsigned long long)record->seq);
    return journal_frame_get(record->body, record->n, &r->seen, a, out, err);
}

bool journal_voids(const struct journal_record *r, struct arena *a, struct journal_void **out, size_t *n,
                   struct error *err)
{
    enum { VOID_SIZE = 20 };
    if (r->type != JOURNAL_VOID || r->n % VOID_SIZE)
        return error_set(err, ERROR_DAMAGED, "record %llu is no list of frames", (unsigned long long)r->seq);
    struct unwire g = {r->body, r->body + r->n, false};
    *n = r->n / VOID_SIZE;
    *out = arena_array(a, *n, sizeof **out);
    for (size_t i = 0; i < *n; i++) {
        (*out)[i].attempt = unwire_u64(&g);
        (*out)[i].rank = unwire_u32(&g);
        (*out)[i].source = unwire_u32(&g);
        (*out)[i].frame = unwire_u32(&g);
    }
    return true;
}

size_t journal_busy(const struct journal_reader *r, struct journal_busy out[JOURNAL_SLOTS])
{
    size_t n = 0;
    for (size_t i = 0; i < JOURNAL_SLOTS; i++) {
        const uint8_t *at = r->slots + JOURNAL_HEADER + i * JOURNAL_SLOT;
        struct unwire g = {at, at + JOURNAL_SLOT, false};
        struct journal_busy b = {.source = unwire_u32(&g), .frame = unwire_u32(&g)};
        b.stage = unwire_u16(&g);
        b.tries = unwire_u8(&g);
        unsigned busy = unwire_u8(&g);
        b.crashed = busy == JOURNAL_CRASHED;
        b.thread = unwire_u32(&g);
        b.t = (int64_t)unwire_u64(&g);
        if ((busy == 1 || b.crashed) && b.thread == i)
            out[n++] = b;
    }
    return n;
}

bool journal_is_written(const struct journal_reader *r)
{
    bool written = flock(r->fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!written)
        flock(r->fd, LOCK_UN);
    return written;
}

bool journal_cut(const char *path, uint64_t whole, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && whole >= JOURNAL_FIRST && ftruncate(fd, (off_t)whole) == 0 && fdatasync(fd) == 0;
    if (!ok)
        error_system(err, ERROR_IO, "%s cannot be cut at byte %llu", path, (unsigned long long)whole);
    if (fd >= 0)
        close(fd);
    return ok;
}
