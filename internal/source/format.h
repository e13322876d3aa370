/* format.h - inside of source/: what a format's file gives to the table of formats and gets from the common
 * code.
 *
 * A format fills what its file says: detector, beam, mask, frames. What people may override (wavelength,
 * distance, beam centre, reference geometry), the parallax coefficient and all checks of sense are done once,
 * in settle.c, after open; per-frame wavelengths pass through the same code after read.
 */
#ifndef XFELX_SOURCE_FORMAT_H
#define XFELX_SOURCE_FORMAT_H

#include "source/source.h"

struct source;

/* One row of the table of formats (formats.c). */
struct source_ops {
    struct {
        const char *name;  /* word */
        const char *files; /* "*.cbf *.cbf.gz *.cbf.bz2" */
        const char *text;  /* one line */
    } info;

    /* One image a file: its content, uncompressed when it came as .gz or .bz2, is in source.content before
     * open is called and stays until close. false: a container, opened by path; content is empty. */
    bool single;

    /* Do the first n (≤ 4096) bytes of the content look like this format? Rows are asked in order. path is a
     * hint only and may be any name. */
    bool (*understands)(const uint8_t *head, size_t n, const char *path);

    /* Read metadata into *s (members below). May set s->ops to a more specific row (layouts of HDF5). On
     * failure close is not called: open undoes what it did outside the arena. */
    bool (*open)(struct source *s, struct error *err);

    /* Decode one frame, frame < s->n_frames. *out comes with everything that is the same for all frames (id,
     * beam as the file gives it, detector, type, mask, no event); read sets pixels, and beam, event, t_event
     * where frames differ. Called from several threads with different buffers. */
    bool (*read)(const struct source *s, uint32_t frame, struct frame_buffer *b, struct frame *out,
                 struct error *err);

    /* Release what is not in the arena. */
    void (*close)(struct source *s);
};

extern const struct source_ops *const source_formats[]; /* ends with NULL */

enum { SOURCE_NOTES = 16 };

/* An opened file. */
struct source {
    const struct source_ops *ops;
    struct arena arena;            /* everything below lives here */
    struct source_options options; /* copies; pointers of the caller live as long as the source */
    const char *path;
    struct bytes content; /* single-image formats: the uncompressed file */

    /* To be filled by open. detector: after detector_finish; info.material and thickness set where they are
     * known, mu left 0. beam: of frame 0, v.wavelength as the file gives it, 0: it gives none; comes with
     * defaults: direction (0,0,1), polarization (0,1,0) and 0.999, energy NaN, energy_source 2. mask:
     * [detector->n_pixels] 1 = good; NULL: the file has none. */
    uint32_t n_frames; /* ≥ 1 */
    struct detector *detector;
    struct beam beam;
    uint8_t *mask;
    enum pixel_type type;

    /* What the file lacks for a geometry: panels are then laid out at 100 mm, or with the beam at the corner,
     * and the source is refused unless the options supply it. missing names the item for the message. */
    bool no_distance, no_centre;
    const char *missing;

    const char *unplaced; /* frame.unplaced */
    void *own;            /* the format's private part, in the arena */

    struct beam beam_of_file; /* set by the common code: beam before options were applied */
    const char *notes[SOURCE_NOTES];
    size_t n_notes;
};

/* Add a remark for people; more than SOURCE_NOTES are dropped. */
void source_note(struct source *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Open a single-image file that is already in memory (compressed or not), as source_open does. Bytes are
 * copied. For tests and fuzzing, and for whoever gets images from elsewhere. */
bool source_open_memory(const void *data, size_t n, const char *path, const struct source_options *o,
                        struct source **out, struct error *err);

/* As source_open, for a reader that opens file after file: *raw and *content lend their memory. content goes
 * into the source and comes back by source_close_lent. */
bool source_open_lent(const char *path, const struct source_options *o, struct bytes *raw,
                      struct bytes *content, struct source **out, struct error *err);
void source_close_lent(struct source *s, struct bytes *content);

/* The first bytes of a regular file: *n of them, at most room. A FIFO or device is never waited for. ERROR_UNREADABLE, ERROR_IO,
 * ERROR_EMPTY. */
bool source_read_head(const char *path, uint8_t *head, size_t room, size_t *n, struct error *err);

/* Does the file hold one image, by its first bytes? Fails as source_open when it cannot be read, is empty or
 * is none of the formats; what lies inside .gz and .bz2 is not looked at (one image). */
bool source_peek(const char *path, bool *single, struct error *err);

/* list_pack.c: open this container of a list that came as bytes, unless it is open or failed before; error and open of its
 * entry may be looked at afterwards. Thread-safe. source_doors_free: with source_list_close. */
void source_list_enter(const struct source_list *l, uint32_t source);
void source_doors_free(struct source_doors *d);

/* unpack.c: is it gzip or bzip2 by its first bytes (4 are enough)? Unpack it; out keeps its memory from file
 * to file. ERROR_TRUNCATED, ERROR_DAMAGED, ERROR_UNSUPPORTED (more than 512 MiB). */
bool source_packed(const uint8_t *data, size_t n);
bool source_unpack(const uint8_t *data, size_t n, const char *path, struct bytes *out, struct error *err);

/* settle.c: apply options to what the file said, check it, fill mu of panels with a known material. */
bool source_settle(struct source *s, struct error *err);

/* settle.c: the beam of one frame from the file's (wavelength 0 or NaN: the file has none); options applied,
 * checked. */
bool source_settle_beam(const struct source *s, struct beam *b, struct error *err);

/* sensor.c: "Si", "CdTe", "GaAs" for the words of headers ("Silicon", "si", "CdTe sensor"); "" for anything
 * else. */
const char *sensor_material(const char *words);

/* Pixel masks in HDF5 files ("/mask", NXmx pixel_mask; 0 = good): as source_mask_read. In the HDF5 part. */
bool source_mask_read_hdf5(const char *path, const struct detector *d, struct arena *a, uint8_t **out,
                           struct error *err);
bool source_mask_check_hdf5(const char *path, struct error *err); /* is there one? */

/* The rows. */
extern const struct source_ops source_imgcif, source_minicbf, source_smv, source_marccd;
extern const struct source_ops source_nxmx, source_dectris, source_hdf5_geom, source_hdf5_bare; /* hdf5.c */

#endif
