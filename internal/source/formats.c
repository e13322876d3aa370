/* formats.c - the table of formats. A new format is one file with its row, and one line here. */
#include "source/format.h"

// clang-format off
const struct source_ops *const source_formats[] = {
    &source_imgcif,    /* before miniCBF: a header of both kinds has axes, and those win */
    &source_minicbf,
    &source_smv,
    &source_marccd,
    &source_nxmx,      /* takes every HDF5 file; its open sets one of the others */
    &source_dectris,
    &source_hdf5_geom,
    &source_hdf5_bare,
    NULL,
};
// clang-format on
