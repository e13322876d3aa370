/* powder.h - the frames of a job added up while they are processed: mean, largest value and deviation of each pixel, of hits and of the others
 * (SCIENCE 24, F-014). Each rank has one; rank 0 adds up what they wrote.
 *
 *     struct powder *p = powder_make(share);                       // once a rank
 *     powder_add(p, frame, source, number, hit, thread);           // any worker, a frame that was read and has its outcome
 *     powder_write(p, "…/.xfelx/powder/a3-r0", &err);              // as bytes: now and then, and at the end
 *     powder_gather("…/.xfelx/powder", &arena, &sum, &err);        // rank 0: those of all ranks and attempts
 *     powder_publish(&sum, "…/powder.h5", &err);                   // NXmx: mean, largest, deviation of all, and of hits
 *
 * Of a long job a share of the frames is enough: which ones is decided by their identity, so that the result does not depend on ranks,
 * threads and order. Detectors of more than 2.25 Mpx are binned by 2, of more than 9 Mpx by 4: at most 108 MB a rank (two classes of 2.25 M
 * cells of 24 bytes; 16 Mpx: 48 MB).
 */
#ifndef XFELX_PIPELINE_POWDER_H
#define XFELX_PIPELINE_POWDER_H

#include "base/base.h"
#include "kernels/powder.h"
#include "kernels/residual.h"
#include "model/model.h"
#include "source/source.h"

struct powder;

enum powder_class { POWDER_OTHER, POWDER_HIT, POWDER_CLASSES };

/* share: of the frames, 0 … 1. NULL: no memory. */
struct powder *powder_make(double share);
void powder_free(struct powder *p);

/* Thread-safe; waits for nobody for longer than a stripe of the picture takes. A frame of another shape of detector than the first one
 * is left out. place: of the frame in its source list: the earliest that was added says where the detector is. */
void powder_add(struct powder *p, const struct frame *f, uint64_t place, bool hit, uint32_t thread);

/* Of every frame with a lattice, in the share or not: where its spots lie beside where the lattices have them (kernels/residual.h). */
void powder_add_residuals(struct powder *p, const struct frame *f, uint64_t place,
                          const struct residual *rows, size_t n);

/* What was added so far, as bytes with a checksum. Nothing was: no file, and true. */
bool powder_write(struct powder *p, const char *path, struct error *err);

/* ---- all together ---- */

struct powder_sum {
    struct detector *detector; /* of the cells: pixels are bin times as large */
    struct beam_vector beam;
    uint64_t frames[POWDER_CLASSES];
    double scale; /* units of sum and max */
    int32_t bin;
    size_t n_cells;
    struct powder_cell *cells[POWDER_CLASSES]; /* [n_cells], panels one after the other */
    struct residual_panel *residuals;          /* [panels] */
    struct residual_shell shells[RESIDUAL_SHELLS];
};

/* Add up the files of a folder. One that is broken, or of another detector, is left out with a warning. frames 0: there are none. */
bool powder_gather(const char *folder, struct arena *a, struct powder_sum *out, struct error *err);

/* What the sum says of the detector, panel by panel, and the intensity against the scattering angle.
 *
 * A cell is compared with those at the same angle: hot: its mean lies beyond 10 σ (from the quartiles) of theirs, and it is so in most
 * frames, not in a few with a spot there; dead: its value never changed, where those of 19 in 20 did, and it is no chance that
 * nothing was counted. From fewer than 20 frames neither is told. radial [n_radial]: mean of all frames and of hits, at the middle of equal steps of 2θ; NaN: no cell is there.
 */
enum { POWDER_RADIAL = 400, POWDER_JUDGED = 20 };
struct powder_panel {
    const char *name;
    size_t cells, masked, dead, hot;
    double mean, max; /* of all frames; NaN: no good cell */
};
struct powder_facts {
    bool judged; /* dead and hot are told */
    struct powder_panel *panels;
    size_t n_panels;
    double two_theta_max, radial[POWDER_RADIAL], radial_hits[POWDER_RADIAL];
};
void powder_facts_of(const struct powder_sum *s, struct arena *a, struct powder_facts *out);

/* Six images: mean and largest of all frames, mean and largest of hits, standard deviation of all frames and of hits. A cell that was never
 * good is in the mask, and NaN where only one class lacks it. How many frames there are stands in /entry/powder; that and the facts in PATH with .json in place of .h5. */
bool powder_publish(const struct powder_sum *s, const char *path, struct error *err);

/* The residuals as JSON (FORMATS 3.2), with where the panels are. No spot was indexed: no file, and true. */
bool powder_publish_residuals(const struct powder_sum *s, const char *path, struct error *err);

#endif
