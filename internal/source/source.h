/* source.h - image files: one row of a table a format, one opened file a source, and the list of all frames of a job.
 *
 * Opening reads metadata only. Reading decodes one frame into a buffer of the caller; different buffers may be read into at
 * the same time from the same source. Every failure is an error whose code is a frame's reason (ERROR_UNREADABLE …), whose
 * fact names the file and what is wrong. HDF5 metadata is read by a helper process (FORMATS_INPUT 4.5).
 */
#ifndef XFELX_SOURCE_SOURCE_H
#define XFELX_SOURCE_SOURCE_H

#include "base/base.h"
#include "model/model.h"

struct source;

/* One decoded frame. Pointers live until the buffer is used again (pixels) or the source is closed (detector, mask).
 *
 * pixels    [detector->n_pixels] of type, all panels one after the other, in the file's own type and this machine's byte
 *           order
 * mask      [detector->n_pixels] 1 = good, from the file; NULL: the file has none
 * unplaced  why panel positions cannot be used for indexing, to be said there as the fact of ERROR_METADATA (a curved
 *           detector without a reference geometry); NULL: they can
 * event     the facility's event number; INT64_MIN: none
 * t_event   ns UTC; INT64_MIN: none
 */
struct frame {
    struct frame_id id;
    struct beam beam;
    const struct detector *detector;
    enum pixel_type type;
    const void *pixels;
    const uint8_t *mask;
    const char *unplaced;
    int64_t event, t_event;
};

/* A thread's buffers: grown when a larger frame comes, else never allocated. {0} is empty. */
struct frame_buffer {
    struct bytes raw;  /* file or chunk as stored */
    struct bytes work; /* unpacked stream, one decoded chunk, … */
    struct bytes pixels;
    struct bytes chunk;   /* a decoded chunk of several frames, kept for the next frame, … */
    uint64_t chunk_of[3]; /* … and whose it is: source, dataset, number; zeros: nobody's */
};
void frame_buffer_free(struct frame_buffer *b);

/* What the person may say about inputs; all members may be zero, which leaves the file's word.
 *
 * geometry_file          CrystFEL .geom, for CXI and Cheetah files
 * geometry_text, _size   its content when it was read already; NULL: it is read from the file
 * reference              input.reference_geometry: positions of panels, in place of the file's
 * wavelength             geometry.beam.wavelength, Å
 * wavelength_offset      Å, added to the file's
 * distance               geometry.detector.distance, mm
 * beam_centre_fast_slow  px, on the panel the beam hits
 * path_map               facility.path_map (base/path_map.h): where the files of a list lie on this machine; their names stay
 */
struct source_options {
    const char *geometry_file, *geometry_text;
    size_t geometry_size;
    const struct detector *reference;
    double wavelength, wavelength_offset, distance;
    const double *beam_centre_fast_slow;
    const char *const *path_map;
};

/* Are the numbers possible, whatever the files say? ERROR_USAGE. */
bool source_options_check(const struct source_options *o, struct error *err);

/* Facts about an opened source.
 *
 * format  word of the table: "imgCIF", "miniCBF", "SMV", "NXmx", …
 * frames  ≥ 1
 * beam    of frame 0; frames have their own in struct frame
 * mask    as frame.mask; NULL: none
 * notes   remarks for people: convention taken, overrides, offsets, …
 */
const char *source_format(const struct source *s);
const char *source_path(const struct source *s);
uint32_t source_frames(const struct source *s);
const struct detector *source_detector(const struct source *s);
const struct beam *source_beam(const struct source *s);
const uint8_t *source_mask(const struct source *s);
enum pixel_type source_pixel_type(const struct source *s);
const char *const *source_notes(const struct source *s, size_t *n);

/* Open a file of any format of the table, decided by its first bytes (compressed files by those of the content). */
bool source_open(const char *path, const struct source_options *o, struct source **out, struct error *err);
bool source_read(const struct source *s, uint32_t frame, struct frame_buffer *buffer, struct frame *out,
                 struct error *err);
void source_close(struct source *s);

/* Fork the helper that reads HDF5 metadata; once, before threads and MPI. Without it (or when it dies) HDF5 files fail by
 * name. source_helper_stop ends it. */
bool source_helper_start(struct error *err);
void source_helper_stop(void);

/* ---- the frames of a job: files, folders, globs, text files of paths → (file, frame) in a fixed order ---- */

/* One file of a list.
 *
 * path      as opened: where options.path_map says that it lies on this machine
 * recorded  absolute, as it was named: the identity of its frames (STORE 3.1)
 * n_frames  a source that cannot be opened counts 1 frame, which then fails
 * first     number of its first frame in the whole list
 * error     could not be opened: its frame 0 fails with this; NULL: nothing known against it
 * container it may hold several images
 * open      container formats: the opened source; NULL for single-image formats, opened by whoever reads the frame
 */
struct source_entry {
    const char *path, *recorded;
    uint32_t n_frames, first;
    struct error *error;
    bool container;
    struct source *open;
};

struct source_list {
    size_t n_sources;
    struct source_entry *sources;
    uint64_t n_frames;
    struct source_doors
        *doors; /* of a list that came as bytes: containers are opened when first read; NULL: they are open */
};

/* Expand arguments: a file; a folder (its image files, sorted; data files of a master left out); a glob; "@list.txt" or a
 * *.txt or *.lst file of one path a line (# comments; relative to the list's folder). Sorted by name inside an argument,
 * doubles removed. Arguments under a FROM of o->path_map are looked for under its TO and keep their names. Containers are opened to count frames. Fails only when nothing at all is named or a list file cannot be
 * read (ERROR_USAGE, ERROR_UNREADABLE). */
bool source_list_make(char *const *arguments, size_t n, const struct source_options *o, struct arena *a,
                      struct source_list *out, struct error *err);

/* The frames of these files in this order, which is that of their numbers for ever: nothing is expanded, sorted or left out. One that
 * is not here yet keeps its place and counts no frame; neither does one that a folder's listing would pass over (data beside their
 * master file, notes), unless all are such. here [n]. */
bool source_list_of(const char *const *paths, const bool *here, size_t n, const struct source_options *o,
                    struct arena *a, struct source_list *out, struct error *err);
void source_list_close(struct source_list *l);

/* For the other ranks of a job: append the list as bytes; make it from them. Nothing is listed again and counts are not asked
 * for again; a container is opened by the first reader of one of its frames. o must stay. ERROR_INTERNAL for bytes that are
 * none. */
void source_list_pack(const struct source_list *l, struct str *out);
bool source_list_unpack(struct unwire *in, const struct source_options *o, struct arena *a,
                        struct source_list *out, struct error *err);

/* Find source and frame of the i-th frame of the list. */
void source_list_at(const struct source_list *l, uint64_t i, uint32_t *source, uint32_t *frame);

/* A thread's reader of a list: keeps the last single-image source open. {.list = l} starts. */
struct source_reader {
    const struct source_list *list;
    const struct source_options *options;
    struct source *open; /* single-image source opened for the frame in hand */
    struct frame_buffer buffer;
    struct bytes content; /* memory of the open file, used again for the next one */
};
bool source_reader_read(struct source_reader *r, uint64_t i, struct frame *out, struct error *err);
void source_reader_free(struct source_reader *r);

/* ---- masks from files ---- */

/* Read spotfinder.lookup.mask / integration.lookup.mask: DIALS' pickle (tuple of flex.bool, read by a parser of the safe
 * subset: nothing in it is executed), an HDF5 file (dataset "/mask" or NXmx pixel_mask: 0 = good), or xfelx' own raw form.
 * out: n_pixels bytes, 1 = good, panels one after the other. ERROR_MASK when shapes differ from the detector's. */
bool source_mask_read(const char *path, const struct detector *d, struct arena *a, uint8_t **out,
                      struct error *err);

/* Is this file a whole mask of one of these forms, whatever the detector? Of HDF5 that there is one in it, not its pixels. */
bool source_mask_check(const char *path, struct error *err);

/* ---- gain and pedestal maps from files (FORMATS_INPUT 10) ---- */

enum source_map_kind { SOURCE_MAP_GAIN, SOURCE_MAP_PEDESTAL };

/* One number for each pixel, or for each panel; both NULL: there is no map.
 *
 * pixels  [n_pixels], panels one after the other; NaN: the pixel has none (a gain that is not above 0, a pedestal that is no number)
 * panels  [n_panels]
 */
struct source_map {
    const float *pixels;
    const double *panels;
};

/* Read a map: HDF5 ("FILE:/DATASET", or a file with a dataset where facilities put such maps), NumPy .npy, or a text of one number a panel
 * ("NUMBER" or "PANEL NUMBER" a line). Arrays are one panel, panels one below the other, one layer a panel, or the image as stored; one
 * number a panel; or a single number. HDF5 needs the helper. ERROR_MASK when the shape is not the detector's. */
bool source_map_read(const char *path, enum source_map_kind kind, const struct detector *d, struct arena *a,
                     struct source_map *out, struct error *err);

/* Is this file a map of one of these forms, whatever the detector? */
bool source_map_check(const char *path, enum source_map_kind kind, struct error *err);

/* ---- what other files say ---- */

/* The panels that a file states: CrystFEL .geom, .expt, or an image of any format of the table. distance (mm): for a .geom that
 * leaves it to the image files, which then is an error without. mask [n_pixels], 1 = good, or NULL. */
bool source_geometry_read(const char *path, double distance, struct arena *a, struct detector **out,
                          const uint8_t **mask, struct error *err);

/* Is this file a whole geometry that jobs are given: .expt or CrystFEL .geom, by its content? Where the images say the distance any does. */
bool source_geometry_check(const char *path, struct error *err);

/* A whole file (at most limit bytes), unpacked when it is .gz or .bz2. */
bool source_file_read(const char *path, size_t limit, struct bytes *out, struct error *err);

/* Linear attenuation coefficient of a sensor material ("Si", "CdTe", "GaAs"), 1/mm; 0: not known for that wavelength. */
double sensor_mu(const char *material, double wavelength);

#endif
