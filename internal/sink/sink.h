/* sink.h - where results go as files: composite .expt/.refl pairs per rank, named as dials.stills_process names them.
 *
 * On request a CrystFEL stream comes with them, one chunk a frame. Streams hold one geometry: frames of a second one go to a
 * second stream, idx-0000_geometry2.stream, and so on.
 *
 * A sink collects results (sink_put copies what it needs) and writes whole files at the end or when told (sink_publish):
 * temporary name, fsync, rename, .expt before .refl, so that a half-written pair is never visible. Frames are written in
 * the order (source, frame, lattice) whatever the order they came in: files depend on the results alone.
 * sink_put may be called from one thread at a time.
 */
#ifndef XFELX_SINK_SINK_H
#define XFELX_SINK_SINK_H

#include "base/base.h"
#include "model/model.h"
#include "sink/journal.h"
#include "sink/journals.h"
#include "sink/mask_files.h"
#include "sink/nxmx.h"

struct sink;

/* A source of the job, for image tags (FORMATS 9.1): tag = stem of the file, followed by the frame's place in the job's list
 * of all frames when the stem names several frames of the job. */
struct sink_source {
    const char *path;
    uint64_t first; /* place of the source's frame 0 in the list */
    uint32_t n_frames;
};

struct sink_options {
    const char *folder; /* output.output_dir */
    uint32_t rank;      /* %s = idx-%04d of this */
    /* an earlier attempt may have left files of this rank: those for which there is nothing now are removed */
    bool replaces;
    bool composite; /* output.composite_output; false: %s = idx-<image tag>, one set of files a frame */
    /* [n_sources], by frame_id.source; needed unless composite, and for streams */
    const struct sink_source *sources;
    size_t n_sources;
    const char *imported_expt; /* the seven *_filename parameters with one %s; NULL: not written */
    const char *strong_refl;
    const char *indexed_refl;
    const char *refined_expt;
    const char *integrated_expt, *integrated_refl;
    const char *stream;      /* CrystFEL stream, one %s (FORMATS 4); NULL: not written */
    const double *cell;      /* [6] Å, degrees: the known cell, for the stream; NULL: none */
    bool fitted;             /* streams, which have one intensity, take that of the profile fit */
    bool cell_covariance;    /* what a frame's spots alone say of its cell, in .expt files (FORMATS 1.5) */
    const char *recipe_hash; /* of the identifiers, hexadecimal */
    const char *space_group_hall; /* of the crystals; NULL: " P 1" */
    const char *
        program; /* "xfelx|0.1.0" for the history line; its time is 1970: files depend on the results alone */
    bool shoeboxes; /* of the spots, in strong and indexed files; results must carry their pixels */
};

/* Refuses what sink_open refuses, and touches nothing. */
bool sink_check(const struct sink_options *o, struct error *err);

/* Names and texts are copied. The folder is made. Refuses (ERROR_USAGE) a half-named pair, a name with anything but one %s,
 * and one without %s that several sets of files would share. */
bool sink_open(const struct sink_options *o, struct sink **out, struct error *err);

/* Take a frame; failed ones are passed over. Frames that are not indexed leave rows only in strong and imported files, and a
 * chunk in streams. */
bool sink_put(struct sink *s, const struct result *r, struct error *err);

/* Take the final frames that a rank's journals hold, of all attempts. The same frames give the same files as sink_put. The journals
 * must stay until sink_publish, which reads the rows again (unless spots are written too, or one set a frame): memory does not
 * grow with the rows, only by what an .expt file says of a frame. */
bool sink_put_journals(struct sink *s, struct journals *j, uint32_t rank, struct error *err);

/* Write all files anew from what came so far; no frames, no file (see replaces). Checks its own tables first (identifiers, lattices, finite
 * numbers, rays on the Ewald sphere, variance > 0): a broken one is ERROR_INTERNAL and nothing is written. */
bool sink_publish(struct sink *s, struct error *err);
void sink_close(struct sink *s);

/* Append the text of an .expt file with one experiment that has a beam and a detector and no crystal: geometry for other
 * programs and for input.reference_geometry. id: of the frame whose beam it is. program: as in the options. */
void sink_geometry_text(const struct frame_id *id, const struct beam *beam, const struct detector *d,
                        const char *program, struct str *out);

#endif
