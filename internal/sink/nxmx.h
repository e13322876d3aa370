/* nxmx.h - image files in the NXmx layout (FORMATS 3), a gzip chunk a frame: what `simulate` makes, and powder pictures.
 *
 *     struct nxmx *w;
 *     if (!nxmx_open(path, &options, &w, &err)) …
 *     for (…) if (!nxmx_put(w, pixels, &err)) { nxmx_abandon(w); … }
 *     nxmx_put_reals(w, "/entry/instrument/beam", "NXbeam", "incident_wavelength", 0, NULL, &wavelength, "angstrom");
 *     if (!nxmx_close(w, &err)) …
 *
 * The file is written under a temporary name and appears when it is complete. The same images give the same bytes. Not thread-safe:
 * the HDF5 library may be used by one thread of a process at a time.
 */
#ifndef XFELX_SINK_NXMX_H
#define XFELX_SINK_NXMX_H

#include "base/base.h"
#include "model/model.h"

struct nxmx;

/* Bits of pixel_mask as NXdetector defines them; 0: a good pixel. Places of the image without a pixel (beside narrow panels) are gaps. */
enum nxmx_wrong {
    NXMX_GAP = 1u << 0, /* no sensor there */
    NXMX_DEAD = 1u << 1,
    NXMX_UNDER_RESPONDING = 1u << 2,
    NXMX_OVER_RESPONDING = 1u << 3,
    NXMX_NOISY = 1u << 4,
    NXMX_UNSAID = 1u << 5, /* left undefined there: masked by a file that does not say why */
    NXMX_USER = 1u << 8,   /* by the user: beam stop, shadows, … */
};

/* Pointers must outlive the writer.
 *
 * mask        [n_pixels] 1 = good; others are told as gaps
 * pixel_mask  [n_pixels] what is wrong with each pixel (enum nxmx_wrong), in place of mask; NULL: as mask has it
 * type        PIXEL_U16, PIXEL_I32 or PIXEL_F32
 * description of the detector; name: of source, sample and instrument
 * underload   the least good value; the greatest is that of panel 0 (both as 32-bit integers)
 * data_scale  photons per unit; 0: not said
 */
struct nxmx_options {
    const struct detector *detector;
    const uint8_t *mask;
    const uint32_t *pixel_mask;
    enum pixel_type type;
    uint32_t n_frames;
    const char *description, *name;
    double underload, data_scale;
};

/* ERROR_USAGE: something that is no file is there; ERROR_FAILED: it cannot be written. */
bool nxmx_open(const char *path, const struct nxmx_options *o, struct nxmx **out, struct error *err);

/* The next frame: [n_pixels] of type, panels one after the other. */
bool nxmx_put(struct nxmx *w, const void *pixels, struct error *err);

/* More numbers, at any time: in a group (made with its class when it is not there) an array of up to NXMX_RANK dimensions, 0: one number.
 * units NULL: none. A failure is told by nxmx_close. */
enum { NXMX_RANK = 4 };
void nxmx_put_reals(struct nxmx *w, const char *group, const char *class, const char *name, int rank,
                    const size_t *size, const double *values, const char *units);

/* Both free it. */
bool nxmx_close(struct nxmx *w, struct error *err);
void nxmx_abandon(struct nxmx *w);

#endif
