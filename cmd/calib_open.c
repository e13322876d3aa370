/* calib_open.c - see calib_open.h. */
#include "cmd/calib_open.h"

#include "model/model.h"
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

static bool is_hdf5(const uint8_t *head, size_t n)
{
    return n >= 4 && memcmp(head, "\x89HDF", 4) == 0;
}

/* The kind that a file certainly is, of those that are read; 0: none. HDF5 files may hold several things, and a mask beside them. */
static int certain_kind(const char *path, struct error *err)
{
    struct error none = {0};
    struct bytes file = {0};
    int kind = 0;
    if (!fs_read(path, FILE_MOST, &file, err))
        return -1;
    if (file.size >= 4 && memcmp(file.data, "MTZ ", 4) == 0)
        kind = CALIB_REFERENCE;
    else if (!is_hdf5(file.data, file.size))
        kind = source_mask_check(path, &none)       ? CALIB_MASK
               : source_geometry_check(path, &none) ? CALIB_GEOMETRY
                                                    : 0;
    bytes_free(&file);
    return kind;
}

static bool is_no_other(int kind, const char *path, struct error *err)
{
    int is = certain_kind(path, err);
    if (is > 0)
        error_set(err, ERROR_USAGE, "%s is a %s, no %s", path, store_calib_kind_word(is),
                  kind == CALIB_CELLS ? "list of cells" : store_calib_kind_word(kind));
    return is == 0;
}

bool calib_opens(int kind, const char *path, struct error *err)
{
    static const char *const hints[CALIB_END] = {
        [CALIB_MASK] = "a mask is a .mask or .pickle of DIALS, an HDF5 file with /mask, or XFELXMASK1",
        [CALIB_GAIN] = "`xfelx calib add KIND LABEL FILE` with the kind that it is",
        [CALIB_PEDESTAL] = "`xfelx calib add KIND LABEL FILE` with the kind that it is",
        [CALIB_GEOMETRY] = "a geometry is an .expt of DIALS or a .geom of CrystFEL",
        [CALIB_CELLS] = "`xfelx calib add KIND LABEL FILE` with the kind that it is",
        [CALIB_REFERENCE] = "a reference is a merged MTZ file, an .hkl of CrystFEL, or a table h k l I",
    };
    bool good = kind == CALIB_MASK        ? mask_opens(path, err)
                : kind == CALIB_GEOMETRY  ? source_geometry_check(path, err)
                : kind == CALIB_REFERENCE ? reference_opens(path, err)
                                          : is_no_other(kind, path, err);
    if (!good && !err->hint[0])
        error_hint(err, "%s", hints[kind]);
    return good;
}
