/* cells.h - unit cells of many jobs: medians and histograms (UI 3.9; forms and pairs of parameters: forms.h). Pure: a function of what the store told.
 *
 * Two kinds of cells: with the symmetry that was asked for, from the even sample of the lattices (as struct store_job_row has them of one
 * job), and free of the restraint to the known cell (SCIENCE 13), from the histograms of all lattices. Lengths in Å, angles in degrees.
 */
#ifndef XFELX_REPORT_CELLS_H
#define XFELX_REPORT_CELLS_H

#include "store/store.h"

enum { CELLS_BINS = 64 };

/* Median and [16, 84] percentiles; NaN: no lattice. */
struct cell_spread {
    double median, lo, hi;
};

/* One of a b c α β γ. The bins from `from` on, each `width` wide, show the middle 99 % and a margin; what lies beside is counted. Bins of
 * jobs that counted with other bounds (another cell was known) are shared out evenly: so they are no integers. An angle that symmetry
 * fixes has no bins, and its value instead of what the edges of bins would make of it. */
struct cell_axis {
    struct cell_spread cell, free;
    double from, width, bins[CELLS_BINS], below, above;
    size_t n_bins; /* 0: no lattice, or fixed */
    bool fixed;
};

struct cells {
    uint64_t lattices; /* in the histograms */
    size_t n_sample;
    struct cell_axis axes[6];
};

/* hists, sample: of store_read_hists and store_read_sample, of the same jobs. O(n log n). The arena is for work. */
void cells_of(const struct store_hist *hists, size_t n_hists, const struct store_sampled *sample,
              size_t n_sample, struct arena *a, struct cells *out);

#endif
