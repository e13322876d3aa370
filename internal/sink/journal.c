/* journal.c - writing journals; see journal.h. Records gather in memory and go out with one write and one fdatasync a batch. */
#include "sink/journal_format.h"

#include "model/model.h"

#include <errno.h>
#include <fcntl.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

const uint8_t journal_magic[8] = {0x89, 'X', 'F', 'J', '\r', '\n', 0x1a, '\n'};

enum { RESERVE_MIN = 64 << 20 };

struct known_detector {
    struct known_detector *next;
    const struct detector *detector;
    struct str bytes; /* as written: equal bytes, equal detector */
    int32_t number;
};

struct journal {
    char *path;
    int fd;
    uint8_t *slots; /* [JOURNAL_FIRST] the head of the file, mapped */
    uint64_t seq, end, reserved;
    size_t largest; /* bytes of a frame's record so far */
    bool lost;      /* fdatasync failed */
    struct str batch, body, scratch;
    struct known_detector *detectors;
    int32_t n_detectors;
    uint32_t n_frames, n_lattices, crc; /* of all frames: END */
};

/* ---- records */

static void put_record(struct journal *j, enum journal_type type, const struct str *body)
{
    size_t start = j->batch.len, n = body->len, padded = (n + 7) / 8 * 8;
    wire_u32(&j->batch, (uint32_t)(RECORD_HEADER + padded));
    wire_u16(&j->batch, (uint16_t)type);
    wire_u16(&j->batch, JOURNAL_VERSION);
    wire_u64(&j->batch, j->seq++);
    wire_u64(&j->batch, (uint64_t)clock_now());
    wire_u32(&j->batch, (uint32_t)n);
    uint32_t crc = crc32c(0, j->batch.text + start, 28);
    wire_u32(&j->batch, n ? crc32c(crc, body->text, n) : crc);
    if (n)
        str_addn(&j->batch, body->text, n);
    for (; n < padded; n++)
        str_addc(&j->batch, 0);
}

static void put_start(struct journal *j, const struct journal_start *s)
{
    struct str *b = &j->body;
    size_t n = strlen(s->recipe_text);
    int room = LZ4_compressBound((int)n);
    str_clear(b);
    wire_text(b, s->program);
    wire_text(b, s->host);
    wire_text(b, s->boot_id);
    wire_u32(b, s->pid);
    wire_u32(b, (uint32_t)n);
    str_clear(&j->scratch);
    str_reserve(&j->scratch, (size_t)room + 1);
    wire_bytes(b, j->scratch.text,
               (size_t)LZ4_compress_default(s->recipe_text, j->scratch.text, (int)n, room));
    wire_u32(b, (uint32_t)s->n_sources);
    for (size_t i = 0; i < s->n_sources; i++) {
        wire_u64(b, (uint64_t)s->sources[i].size);
        wire_u64(b, (uint64_t)s->sources[i].mtime);
        wire_u32(b, s->sources[i].n_frames);
        wire_text(b, s->sources[i].path);
    }
    put_record(j, JOURNAL_START, b);
}

/* ---- opening */

static void make_header(const struct journal_identity *id, uint8_t head[JOURNAL_FIRST])
{
    struct str h = {0};
    str_addn(&h, (const char *)journal_magic, 8);
    wire_u16(&h, JOURNAL_VERSION);
    wire_u16(&h, JOURNAL_HEADER);
    wire_u32(&h, 0x01020304);
    wire_u64(&h, id->attempt);
    wire_u32(&h, id->rank);
    wire_u32(&h, 0);
    wire_u64(&h, (uint64_t)id->created);
    str_addn(&h, (const char *)id->recipe, 16);
    wire_u32(&h, JOURNAL_FIRST);
    wire_u32(&h, crc32c(0, h.text, h.len));
    memset(head, 0, JOURNAL_FIRST);
    memcpy(head, h.text, h.len);
    str_free(&h);
}

static bool disk_error(struct error *err, const char *path)
{
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    return error_system(err, full ? ERROR_NO_SPACE : ERROR_IO,
                        full ? "no room left for results in %s" : "%s cannot be written", path),
           error_hint(err, full ? "free space, or set xfelx.output.journal_dir; what is done is kept"
                                : "look at the disk; what was safe before is kept");
}

static bool write_at(const struct journal *j, const void *data, size_t n, uint64_t at, struct error *err)
{
    for (const char *p = data; n > 0;) {
        ssize_t k = pwrite(j->fd, p, n, (off_t)at);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0) {
            errno = k ? errno : ENOSPC;
            return disk_error(err, j->path);
        }
        p += k, n -= (size_t)k, at += (uint64_t)k;
    }
    return true;
}

/* A new file's name is safe when its folder is. */
static bool sync_folder(const char *path, struct error *err)
{
    struct arena a = {0};
    int fd = open(fs_folder(&a, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok =
        fd >= 0 && (fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP); /* not every file system can */
    if (!ok)
        error_system(err, ERROR_IO, "%s: the folder cannot be made safe", path);
    if (fd >= 0)
        close(fd);
    arena_free(&a);
    return ok;
}

static bool create(struct journal *j, const struct journal_start *start, struct error *err)
{
    uint8_t head[JOURNAL_FIRST];
    struct arena a = {0};
    bool folder = fs_make_folders(fs_folder(&a, j->path), err);
    arena_free(&a);
    if (!folder)
        return false;
    j->fd = open(j->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (j->fd < 0)
        return errno == EEXIST ? error_set(err, ERROR_BUSY, "%s is there already", j->path)
                               : disk_error(err, j->path);
    flock(j->fd, LOCK_EX | LOCK_NB); /* where there are no locks, nobody knows that we live */
    make_header(&start->identity, head);
    if (!write_at(j, head, sizeof head, 0, err))
        return false;
    void *map = mmap(NULL, JOURNAL_FIRST, PROT_READ | PROT_WRITE, MAP_SHARED, j->fd, 0);
    j->slots = map == MAP_FAILED ? NULL : map; /* file systems that cannot: nothing is noted */
    j->end = JOURNAL_FIRST;
    put_start(j, start);
    return journal_sync(j, err) && sync_folder(j->path, err);
}

bool journal_create(const char *path, const struct journal_start *start, struct journal **out,
                    struct error *err)
{
    struct journal *j = calloc(1, sizeof *j);
    char *copy = strdup(path);
    *out = NULL;
    if (!j || !copy) {
        free(j);
        free(copy);
        return error_set(err, ERROR_MEMORY, "no memory for a journal");
    }
    j->path = copy;
    j->fd = -1;
    if (!create(j, start, err)) {
        journal_close(j);
        return false;
    }
    *out = j;
    return true;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->slots)
        munmap(j->slots, JOURNAL_FIRST);
    if (j->fd >= 0 && j->reserved > j->end && ftruncate(j->fd, (off_t)j->end) != 0)
        j->reserved = 0; /* the room is given back by who reads it next */
    if (j->fd >= 0)
        close(j->fd);
    while (j->detectors) {
        struct known_detector *next = j->detectors->next;
        str_free(&j->detectors->bytes);
        free(j->detectors);
        j->detectors = next;
    }
    str_free(&j->batch);
    str_free(&j->body);
    str_free(&j->scratch);
    free(j->path);
    free(j);
}

/* ---- adding */

/* The number of a detector's record, which is written when it is new. -1: a frame without one; -2: no memory. */
static int32_t detector_number(struct journal *j, const struct detector *d)
{
    if (!d)
        return -1;
    str_clear(&j->body);
    wire_u32(&j->body, (uint32_t)j->n_detectors);
    detector_pack(d, &j->body);
    for (const struct known_detector *k = j->detectors; k; k = k->next)
        if (k->bytes.len == j->body.len && !memcmp(k->bytes.text + 4, j->body.text + 4, j->body.len - 4))
            return k->number;
    struct known_detector *k = calloc(1, sizeof *k);
    if (!k)
        return -2;
    put_record(j, JOURNAL_DETECTOR, &j->body);
    *k = (struct known_detector){.next = j->detectors, .bytes = j->body, .number = j->n_detectors++};
    j->body = (struct str){0};
    j->detectors = k;
    return k->number;
}

bool journal_put(struct journal *j, const struct result *r, bool final, unsigned tries, struct error *err)
{
    size_t before = j->batch.len;
    int32_t detector = detector_number(j, r->detector);
    if (detector < -1)
        return error_set(err, ERROR_MEMORY, "no memory for a journal");
    str_clear(&j->body);
    if (!journal_frame_put(&j->body, r, detector, final, tries, &j->scratch, err))
        return false;
    put_record(j, JOURNAL_FRAME, &j->body);
    j->n_frames++;
    j->n_lattices += (uint32_t)r->n_lattices;
    j->crc = crc32c(j->crc, j->body.text, j->body.len);
    if (j->batch.len - before > j->largest)
        j->largest = j->batch.len - before;
    return true;
}

void journal_note(struct journal *j, uint32_t level, const char *text)
{
    str_clear(&j->body);
    wire_u32(&j->body, level);
    str_add(&j->body, text);
    put_record(j, JOURNAL_NOTE, &j->body);
}

void journal_geometry(struct journal *j, const void *bytes, size_t n)
{
    str_clear(&j->body);
    str_addn(&j->body, bytes, n);
    put_record(j, JOURNAL_GEOMETRY, &j->body);
}

void journal_applied(struct journal *j, uint64_t position)
{
    str_clear(&j->body);
    wire_u64(&j->body, position);
    put_record(j, JOURNAL_APPLIED, &j->body);
}

void journal_void(struct journal *j, const struct journal_void *frames, size_t n)
{
    str_clear(&j->body);
    for (size_t i = 0; i < n; i++) {
        wire_u64(&j->body, frames[i].attempt);
        wire_u32(&j->body, frames[i].rank);
        wire_u32(&j->body, frames[i].source);
        wire_u32(&j->body, frames[i].frame);
    }
    put_record(j, JOURNAL_VOID, &j->body);
}

void journal_end(struct journal *j, uint32_t reason)
{
    str_clear(&j->body);
    wire_u32(&j->body, reason);
    wire_u32(&j->body, j->n_frames);
    wire_u32(&j->body, j->n_lattices);
    wire_u32(&j->body, j->crc);
    put_record(j, JOURNAL_END, &j->body);
}

size_t journal_pending(const struct journal *j)
{
    return j->batch.len;
}

/* ---- the disk */

bool journal_sync(struct journal *j, struct error *err)
{
    if (j->lost)
        return error_set(err, ERROR_IO,
                         "%s cannot be trusted any more: the disk did not keep what was written", j->path);
    if (j->batch.len == 0)
        return true;
    if (!write_at(j, j->batch.text, j->batch.len, j->end, err))
        return false; /* written again, at the same place, by the next call */
    if (fdatasync(j->fd) != 0) {
        j->lost =
            true; /* the kernel has dropped the pages: a second fdatasync would succeed and mean nothing */
        return disk_error(err, j->path);
    }
    j->end += j->batch.len;
    str_clear(&j->batch);
    return true;
}

bool journal_reserve(struct journal *j, uint64_t frames, struct error *err)
{
    uint64_t need = frames * (uint64_t)j->largest;
    need = (need < RESERVE_MIN ? RESERVE_MIN : need) + j->batch.len;
    if (j->end + need <= j->reserved)
        return true;
    if (fallocate(j->fd, FALLOC_FL_KEEP_SIZE, (off_t)j->end, (off_t)need) == 0) {
        j->reserved = j->end + need;
        return true;
    }
    if (errno != EOPNOTSUPP && errno != ENOSYS)
        return disk_error(err, j->path);
    struct statvfs fs;
    if (fstatvfs(j->fd, &fs) != 0 || (uint64_t)fs.f_bavail * fs.f_frsize >= 2 * need)
        return true; /* what cannot be asked is not refused */
    errno = ENOSPC;
    return disk_error(err, j->path);
}

void journal_slot(struct journal *j, uint32_t thread, bool busy, uint32_t source, uint32_t frame,
                  unsigned stage, unsigned tries)
{
    if (!j->slots || thread >= JOURNAL_SLOTS)
        return;
    struct {
        uint32_t source, frame;
        uint16_t stage;
        uint8_t tries, busy;
        uint32_t thread;
        int64_t t;
    } slot = {source, frame, (uint16_t)stage, (uint8_t)tries, busy, thread, clock_now()};
    memcpy(j->slots + JOURNAL_HEADER + (size_t)thread * JOURNAL_SLOT, &slot, sizeof slot);
}

volatile uint8_t *journal_slot_mark(struct journal *j, uint32_t thread)
{
    enum { BUSY_AT = 11 };
    return j->slots && thread < JOURNAL_SLOTS
               ? j->slots + JOURNAL_HEADER + (size_t)thread * JOURNAL_SLOT + BUSY_AT
               : NULL;
}
