/* journal.h - results as they are found, appended to one file a rank and made safe on disk before anybody hears of them (STORE 5).
 *
 * A result exists when its FRAME record is on disk. Database and result files are made from journals and can be made again: a
 * journal holds every number of a result, bit for bit, and what it points to (paths, detectors), so that nothing else is needed.
 * Records carry checksums: a torn end is cut, a damaged middle is skipped and said, an unknown version is refused.
 *
 *     journal_create(path, &start, &j, &err);          // header and START are on disk
 *     journal_reserve(j, frames, &err);                // ERROR_NO_SPACE: take no new frames
 *     journal_put(j, &result, true, 1, &err); …        // in memory
 *     journal_sync(j, &err);                           // one write, fdatasync: the results exist
 *     journal_end(j, 0, &err); journal_close(j);
 *
 * One thread at a time, but for journal_slot, which every worker calls for its own slot. The writer's memory does not grow with
 * the number of frames.
 */
#ifndef XFELX_SINK_JOURNAL_H
#define XFELX_SINK_JOURNAL_H

#include "base/base.h"
#include "model/model.h"

enum journal_type {
    JOURNAL_START = 1,
    JOURNAL_FRAME,
    JOURNAL_NOTE,
    JOURNAL_GEOMETRY,
    JOURNAL_APPLIED,
    JOURNAL_END,
    JOURNAL_VOID,
    JOURNAL_DETECTOR, /* a geometry that later frames refer to */
    JOURNAL_TYPES
};

enum { JOURNAL_SLOTS = 127 };

/* Which journal it is. */
struct journal_identity {
    uint64_t attempt;
    uint32_t rank;
    int64_t created;    /* ns UTC */
    uint8_t recipe[16]; /* first half of the recipe's hash */
};

struct journal_source {
    const char *path; /* recorded */
    int64_t size, mtime;
    uint32_t n_frames;
};

/* What a journal begins with. */
struct journal_start {
    struct journal_identity identity;
    const char *program; /* version and commit */
    const char *host, *boot_id;
    uint32_t pid;
    const char *recipe_text;
    const struct journal_source *sources; /* [n_sources] by frame_id.source */
    size_t n_sources;
};

/* A frame of another journal that is not used (STORE 6). */
struct journal_void {
    uint64_t attempt;
    uint32_t rank, source, frame;
};

/* ---- writing ---- */

struct journal;

/* Make the file, which must not exist (ERROR_BUSY), and its folders. It is locked until it is closed or the process dies. */
bool journal_create(const char *path, const struct journal_start *start, struct journal **out,
                    struct error *err);

/* Add a frame to the batch. final: false, it may be tried again (STORE 5.4). tries: 1, 2. ERROR_UNSUPPORTED: larger than a
 * record may be. */
bool journal_put(struct journal *j, const struct result *r, bool final, unsigned tries, struct error *err);

/* Other records into the batch. */
void journal_note(struct journal *j, uint32_t level, const char *text);
void journal_geometry(struct journal *j, const void *bytes, size_t n);
void journal_applied(struct journal *j, uint64_t position);
void journal_void(struct journal *j, const struct journal_void *frames, size_t n);

/* Bytes of the batch: what a writer looks at to keep batches below 4 MiB. */
size_t journal_pending(const struct journal *j);

/* Write the batch and wait until it is on disk. ERROR_NO_SPACE: the batch is kept, to be tried again. ERROR_IO: the disk has lost
 * what was written before; nothing more is taken. */
bool journal_sync(struct journal *j, struct error *err);

/* Have room for so many more frames (the largest so far each, 64 MiB at least) beyond the batch. ERROR_NO_SPACE. Where the file
 * system cannot reserve, its free space is looked at. */
bool journal_reserve(struct journal *j, uint64_t frames, struct error *err);

/* What thread number (< JOURNAL_SLOTS, others are not noted) is busy with; a store into mapped memory, which outlives the
 * process. busy false: nothing. */
void journal_slot(struct journal *j, uint32_t thread, bool busy, uint32_t source, uint32_t frame,
                  unsigned stage, unsigned tries);

/* The byte of a thread's slot that says busy, for signal handlers: where the process dies of what this thread did they set it to
 * JOURNAL_CRASHED. NULL: there is none. */
enum { JOURNAL_CRASHED = 2 };
volatile uint8_t *journal_slot_mark(struct journal *j, uint32_t thread);

/* The last record; then journal_sync. reason: 0 done. */
void journal_end(struct journal *j, uint32_t reason);

/* Give memory, file and room that was reserved back. What was not synced is lost. j may be NULL. */
void journal_close(struct journal *j);

/* ---- reading ---- */

struct journal_reader;

/* A record; the body lives until the next one is read. */
struct journal_record {
    uint64_t offset, seq;
    int64_t t;
    enum journal_type type;
    const uint8_t *body;
    size_t n;
};

/* A stretch that held no good record. */
struct journal_gap {
    uint64_t offset, size;
};

/* Open a journal. ERROR_DAMAGED: it is none; ERROR_UNSUPPORTED: of another version. */
bool journal_open(const char *path, struct journal_reader **out, struct error *err);
void journal_reader_close(struct journal_reader *r);
const struct journal_identity *journal_identity(const struct journal_reader *r);
const char *journal_path(const struct journal_reader *r);

/* Recorded paths of the sources, by number; known once its START was read. */
const char *const *journal_sources(const struct journal_reader *r, size_t *n);

/* The next record. false: the end (ERROR_END), a version or type that is not known (ERROR_UNSUPPORTED), or ERROR_IO. */
bool journal_next(struct journal_reader *r, struct journal_record *out, struct error *err);

/* After the end. Gaps were skipped; what lies behind whole bytes is a torn write (journal_cut). ended: END is there. */
const struct journal_gap *journal_gaps(const struct journal_reader *r, size_t *n);
uint64_t journal_whole(const struct journal_reader *r);
bool journal_ended(const struct journal_reader *r);

/* The parameters of a START record, as text; of the arena. NULL: the record does not say. */
const char *journal_start_recipe(const struct journal_record *r, struct arena *a);

/* Look at the file anew after the end: has it grown, journal_next goes on. false: it became shorter, and is another one. */
bool journal_more(struct journal_reader *r);

/* The record at the offset of one that journal_next gave. */
bool journal_at(struct journal_reader *r, uint64_t offset, struct journal_record *out, struct error *err);

/* The identity of a FRAME record without its tables. ERROR_DAMAGED. */
struct journal_frame {
    uint32_t source, frame;
    enum outcome outcome;
    enum reason reason;
    bool final;
    unsigned tries;
    uint32_t n_lattices, n_rows;
};
bool journal_frame(const struct journal_record *r, struct journal_frame *out, struct error *err);

/* The whole result of a FRAME record. Tables come from the arena; path and detector live as long as the reader.
 * ERROR_DAMAGED, ERROR_UNSUPPORTED (a table or column that is not known). */
bool journal_result(const struct journal_reader *r, const struct journal_record *record, struct arena *a,
                    struct result *out, struct error *err);

/* The frames of a VOID record. */
bool journal_voids(const struct journal_record *r, struct arena *a, struct journal_void **out, size_t *n,
                   struct error *err);

/* What its threads were busy with when the process died. */
struct journal_busy {
    uint32_t source, frame, thread;
    unsigned stage, tries;
    bool crashed; /* the process died of what this thread did; else of something that is not known */
    int64_t t;
};
size_t journal_busy(const struct journal_reader *r, struct journal_busy out[JOURNAL_SLOTS]);

/* Is a process of this machine still writing it? */
bool journal_is_written(const struct journal_reader *r);

/* Cut a torn write off, and give reserved room back. Only the next writer of the job may, under its lease. */
bool journal_cut(const char *path, uint64_t whole, struct error *err);

#endif
