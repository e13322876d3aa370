/* calib_open.h - whether a file is what it is to be kept as: seen when it is added, not when jobs wait for it. */
#ifndef XFELX_CMD_CALIB_OPEN_H
#define XFELX_CMD_CALIB_OPEN_H

#include "base/base.h"

/* Open it as its kind (store/calib.h), by the readers of the jobs: of an HDF5 file that the mask or map is in it; its shape is compared with
 * the detector by who knows one. path: FILE:/DATASET for maps in HDF5 files. Uses the helper of HDF5 files. */
bool calib_opens(int kind, const char *path, struct error *err);

#endif
