/* powder.h - what a job's powder picture says, from the file beside it (powder.json, FORMATS 3.1). For pages and terminal. */
#ifndef XFELX_REPORT_POWDER_H
#define XFELX_REPORT_POWDER_H

#include "base/base.h"

struct powder_report_panel {
    const char *name;
    double cells, masked, dead, hot, mean, max; /* NaN: not told */
};
struct powder_report {
    double frames, hits, bin, wavelength, distance_mm, two_theta_max;
    bool judged; /* dead and hot are told */
    double *radial, *radial_hits;
    size_t n_radial, n_radial_hits, n_panels;
    struct powder_report_panel *panels;
};

/* A file of a job by its name, as "residuals.json": looked for as powder_find does. */
const char *result_file(const char *folder, const char *name, const char *const *path_map, struct arena *a);

/* The file powder.ENDING ("json", "h5") of a job whose folder this is: in it, or (of a campaign) in its out. path_map: base/path_map.h,
 * or NULL. In the arena; NULL: there is none. */
const char *powder_find(const char *folder, const char *ending, const char *const *path_map, struct arena *a);

/* At most 4096 panels and steps are taken. ERROR_…: it cannot be read, or is no JSON. */
bool powder_read(const char *path, struct arena *a, struct powder_report *out, struct error *err);

/* For a terminal: a line about the whole, one for each panel that has dead or hot pixels. of: frames of the job; a picture has fewer where
 * it takes a share of a long job (xfelx.output.powder_frames), or a process was killed before it wrote down what it had added. */
void powder_text(const struct powder_report *r, int64_t of, struct str *out);

/* `xfelx report --powder`: the pictures of all jobs of a report, where they are and what they say. */
struct summary;
void summary_powder(const struct summary *s, struct str *out);

#endif
