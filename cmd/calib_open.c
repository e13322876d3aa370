/* calib_open.c - see calib_open.h. */
#include "cmd/calib_open.h"

#include "model/model.h"
#include "pipeline/pipeline.h"
#include "source/source.h"
#include "store/store.h"

#include <string.h>

enum { FILE_MOST = 1 << 30 };

static bool mask_opens(const char *path, struct error *err)
{
    bool good = source_helper_start(err) && source_mask_check(path, err);
    source_helper_stop();
    return good;
}

/* Of no space group: each reflection is its own. */
static bool reference_opens(const char *path, struct error *err)
{
    struct arena a = {0};
    struct bytes file = {0};
    struct space_group p1;
    struct intensities list = {0};
    bool good = space_group_find("P1", &p1, err) && fs_read(path, FILE_MOST, &file, err) &&
                intensities_parse(file.data, file.size, path, NULL, &p1, &a, &list, err);
    if (good && list.n == 0)
        good = error_set(err, ERROR_DAMAGED, "%s has no intensities", path);
    bytes_free(&file);
    arena_free(&a);
    return good;
}

static bool map_opens(const char *path, enum source_map_kind kind, struct error *err)
{
    bool good = source_helper_start(err) && source_map_check(path, kind, err);
    source_helper_stop();
    return good;
}

static bool gain_opens(const char *path, struct error *err)
{
    return map_opens(path, SOURCE_MAP_GAIN, err);
}

static bool pedestal_opens(const char *path, struct error *err)
{
    return map_opens(path, SOURCE_MAP_PEDESTAL, err);
}

/* As a job takes it that says nothing else of the crystal. */
static bool cells_open(const char *path, struct error *err)
{
    struct arena a = {0};
    struct recipe *r;
    struct params *p = params_make(&a);
    bool good = params_set_text(p, "xfelx.cell.file", path, err) && recipe_make(p, &a, &r, err);
    arena_free(&a);
    return good;
}

static const struct {
    bool (*opens)(const char *path, struct error *err);
    const char *hint;
} kinds[CALIB_END] = {
    [CALIB_MASK] = {mask_opens,
                    "a mask is a .mask or .pickle of DIALS, an HDF5 file with /mask, or XFELXMASK1"},
    [CALIB_GAIN] = {gain_opens,
                    "a gain is a map in HDF5 (FILE:/DATASET) or .npy, or a text of one number a panel"},
    [CALIB_PEDESTAL] =
        {pedestal_opens,
         "a pedestal is a map in HDF5 (FILE:/DATASET) or .npy, or a text of one number a panel"},
    [CALIB_GEOMETRY] = {source_geometry_check, "a geometry is an .expt of DIALS or a .geom of CrystFEL"},
    [CALIB_CELLS] = {cells_open,
                     "cells are a CrystFEL .cell, PHIL isoforms, JSON, or a text of one cell a line"},
    [CALIB_REFERENCE] = {reference_opens,
                         "a reference is a merged MTZ file, an .hkl of CrystFEL, or a table h k l I"},
};

bool calib_opens(int kind, const char *path, struct error *err)
{
    bool good = kinds[kind].opens(path, err);
    if (!good && !err->hint[0])
        error_hint(err, "%s", kinds[kind].hint);
    return good;
}
