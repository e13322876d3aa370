/* inputs.h - the files that parameters name (geometry, reference, intensities, masks, maps, cells): opened before anything is made or queued with them.
 */
#ifndef XFELX_CMD_INPUTS_H
#define XFELX_CMD_INPUTS_H

#include "param/param.h"
#include "pipeline/pipeline.h"

/* The parameters that name files. */
enum { INPUTS_FILES = 8 };
extern const char *const inputs_names[INPUTS_FILES];

/* Make the recipe of these parameters and read every file that it names. Masks are compared with the detector where the parameters say
 * what it is; else that they are masks at all is seen now, and the first frame of a job shows the rest. Maps of gain and pedestal
 * likewise. *out: the recipe as soon as there is one, also when a mask is bad. Starts the helper of HDF5 files and ends it. */
bool inputs_open(const struct params *p, struct arena *a, struct recipe **out, struct error *err);

/* What was found, kept: as long as the files of some parameters are the same (device, inode, size, time) they are not opened again. */
struct inputs_kept;
struct inputs {
    struct arena arena;
    struct inputs_kept *at;
    size_t n;
};

/* As inputs_open, for parameters as text: false with the reason in words. What was bad is opened again after a minute also when its file
 * looks the same: a server's error leaves no mark on a file. */
bool inputs_seen(struct inputs *s, const char *phil, char *why, size_t room);
void inputs_free(struct inputs *s);

#endif
