/* made_h5.h - small HDF5 files for tests, written with the library (the program itself never writes with it here). */
#ifndef XFELX_TEST_MADE_H5_H
#define XFELX_TEST_MADE_H5_H

#include <hdf5.h>
#include <math.h>
#include <string.h>

/* A new file, with a user block of so many bytes (0, 512, …). */
static inline hid_t made_file(const char *path, hsize_t user_block)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t fcpl = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_userblock(fcpl, user_block);
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(fapl, H5F_CLOSE_STRONG);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, fcpl, fapl);
    H5Pclose(fapl);
    H5Pclose(fcpl);
    return file;
}

/* Groups on the way are made. The identifier that comes back may be left open: closing the file closes it. */
static inline hid_t made_dataset_with(hid_t loc, const char *path, hid_t type, int rank, const hsize_t *dims,
                                      hid_t dcpl, const void *data)
{
    hid_t lcpl = H5Pcreate(H5P_LINK_CREATE),
          space = rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
    H5Pset_create_intermediate_group(lcpl, 1);
    hid_t dataset = H5Dcreate2(loc, path, type, space, lcpl, dcpl, H5P_DEFAULT);
    if (data)
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
    H5Sclose(space);
    H5Pclose(lcpl);
    return dataset;
}

static inline hid_t made_dataset(hid_t loc, const char *path, hid_t type, int rank, const hsize_t *dims,
                                 const void *data)
{
    return made_dataset_with(loc, path, type, rank, dims, H5P_DEFAULT, data);
}

static inline hid_t made_real(hid_t loc, const char *path, double value)
{
    return made_dataset(loc, path, H5T_NATIVE_DOUBLE, 0, NULL, &value);
}

static inline hid_t made_reals(hid_t loc, const char *path, hsize_t n, const double *values)
{
    return made_dataset(loc, path, H5T_NATIVE_DOUBLE, 1, &n, values);
}

static inline hid_t made_text(hid_t loc, const char *path, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text) + 1);
    return made_dataset(loc, path, type, 0, NULL, text);
}

static inline void made_attribute_text(hid_t object, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(text) + 1);
    hid_t attr = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attr, type, text);
    H5Aclose(attr);
    H5Sclose(space);
    H5Tclose(type);
}

static inline void made_attribute_vector(hid_t object, const char *name, const double v[3])
{
    hsize_t three = 3;
    hid_t space = H5Screate_simple(1, &three, NULL);
    hid_t attr = H5Acreate2(object, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attr, H5T_NATIVE_DOUBLE, v);
    H5Aclose(attr);
    H5Sclose(space);
}

static inline hid_t made_group(hid_t loc, const char *path, const char *nx_class)
{
    hid_t lcpl = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(lcpl, 1);
    hid_t group = H5Gcreate2(loc, path, lcpl, H5P_DEFAULT, H5P_DEFAULT);
    made_attribute_text(group, "NX_class", nx_class);
    H5Pclose(lcpl);
    return group;
}

/* A transformation with its attributes. */
static inline hid_t made_axis(hid_t loc, const char *path, double value, const char *kind, const char *unit,
                              const double vector[3], const double offset[3], const char *depends_on)
{
    hid_t axis = made_real(loc, path, value);
    made_attribute_text(axis, "transformation_type", kind);
    made_attribute_text(axis, "units", unit);
    made_attribute_vector(axis, "vector", vector);
    if (offset) {
        made_attribute_vector(axis, "offset", offset);
        made_attribute_text(axis, "offset_units", "mm");
    }
    if (depends_on)
        made_attribute_text(axis, "depends_on", depends_on);
    return axis;
}

/* An NXmx file of n frames of 8 × 10 uint16 pixels (value = 100 frame + place), one module at (50, 40, 100) mm NeXus,
 * pixels of 0.1 mm. The wavelength is left to the caller. */
static inline hid_t made_nxmx(const char *path, hsize_t n)
{
    static const double x[3] = {-1, 0, 0}, y[3] = {0, -1, 0}, z[3] = {0, 0, 1}, corner[3] = {50, 40, 0};
    hid_t file = made_file(path, 0);
    made_group(file, "/entry", "NXentry");
    made_text(file, "/entry/definition", "NXmx");
    made_group(file, "/entry/instrument", "NXinstrument");
    made_group(file, "/entry/instrument/beam", "NXbeam");
    made_group(file, "/entry/instrument/detector", "NXdetector");
    made_group(file, "/entry/instrument/detector/module", "NXdetector_module");
    made_group(file, "/entry/data", "NXdata");
    long long origin[2] = {0, 0}, size[2] = {8, 10};
    hsize_t two = 2;
    made_dataset(file, "/entry/instrument/detector/module/data_origin", H5T_NATIVE_LLONG, 1, &two, origin);
    made_dataset(file, "/entry/instrument/detector/module/data_size", H5T_NATIVE_LLONG, 1, &two, size);
    made_axis(file, "/entry/instrument/detector/rail", 0.1, "translation", "m", z, NULL, ".");
    made_axis(file, "/entry/instrument/detector/module/module_offset", 0, "translation", "mm", x, corner,
              "/entry/instrument/detector/rail");
    made_axis(file, "/entry/instrument/detector/module/fast_pixel_direction", 0.1, "translation", "mm", x,
              NULL, "module_offset");
    made_axis(file, "/entry/instrument/detector/module/slow_pixel_direction", 100, "translation", "um", y,
              NULL, "module_offset");
    unsigned short pixels[8 * 80];
    for (hsize_t i = 0; i < n * 80 && i < 8 * 80; i++)
        pixels[i] = (unsigned short)(100 * (i / 80) + i % 80);
    made_dataset(file, "/entry/data/data", H5T_NATIVE_USHORT, 3, (hsize_t[]){n, 8, 10}, pixels);
    return file;
}

#endif
