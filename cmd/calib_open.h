/* calib_open.h - whether a file is what it is to be kept as: seen when it is added, not when jobs wait for it. */
#ifndef XFELX_CMD_CALIB_OPEN_H
#define XFELX_CMD_CALIB_OPEN_H

#include "base/base.h"

/* Open it as its kind (store/calib.h): masks, geometries and references whole, by the readers of the jobs; of a mask in an HDF5 file that
 * there is one. What no job reads yet (gain, pedestal, cells) has no reader: it is refused when it is a mask in a pickle or XFELXMASK1
 * file, a geometry, or (by its first bytes) an MTZ file. Uses the helper of HDF5 files. */
bool calib_opens(int kind, const char *path, struct error *err);

#endif
