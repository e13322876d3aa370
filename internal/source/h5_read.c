/* h5_read.c - small questions to the HDF5 library, asked in the helper's child. The library is given nothing to write:
 * files are opened for reading and without locks (locks fail on many parallel file systems, and while a detector still
 * writes). */
#include "source/h5_read.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 1 << 16, MEMBERS_MOST = 100000, RANK_MOST = 8 };

static hid_t file_access(void)
{
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(fapl, 0, 1);
    H5Pset_fclose_degree(fapl, H5F_CLOSE_STRONG);
    /* opened as SWMR: the default of 100 sleeps minutes on a damaged file */
    H5Pset_metadata_read_attempts(fapl, 10);
    return fapl;
}

/* The list for links carries the file list, else linked files are locked again (the usual "unable to lock
 * file"). */
hid_t h5_link_access(void)
{
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), lapl = H5Pcreate(H5P_LINK_ACCESS);
    H5Pset_file_locking(fapl, 0, 1);
    H5Pset_elink_fapl(lapl, fapl);
    H5Pclose(fapl);
    return lapl;
}

static herr_t keep_words(unsigned n, const H5E_error2_t *e, void *arg)
{
    char *out = arg;
    (void)n;
    if (e->desc)
        snprintf(out, 256, "%s", e->desc); /* walked from the outside in: the last one stays */
    return 0;
}

void h5_error_words(char *out, size_t room)
{
    char words[256] = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_words, words);
    snprintf(out, room, "%s", words);
}

hid_t h5_file_open(const char *path, struct error *err)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t fapl = file_access();
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, fapl);
    char words[256];
    h5_error_words(words, sizeof words);
    if (file < 0) /* a file that is still written, or whose writer died, is marked so */
        file = H5Fopen(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, fapl);
    H5Pclose(fapl);
    if (file < 0) {
        bool cut = strstr(words, "truncated file") || strstr(words, "addr overflow");
        error_set(err, cut ? ERROR_TRUNCATED : ERROR_UNREADABLE, "%s: HDF5 cannot open it", path);
        error_detail(err, "%s", words);
        if (cut)
            error_hint(err, "its end is missing: a copy that is not complete, or a writer that died");
    }
    return file;
}

void h5_file_close(hid_t file)
{
    if (file >= 0)
        H5Fclose(file);
}

hid_t h5_object(hid_t loc, const char *path)
{
    hid_t lapl = h5_link_access(), object = -1;
    if (path && *path)
        object = H5Oopen(loc, path, lapl);
    H5Pclose(lapl);
    return object;
}

hid_t h5_dataset(hid_t loc, const char *path)
{
    hid_t object = h5_object(loc, path);
    if (object >= 0 && H5Iget_type(object) != H5I_DATASET) {
        H5Oclose(object);
        return -1;
    }
    return object;
}

bool h5_is_group(hid_t object)
{
    return H5Iget_type(object) == H5I_GROUP;
}

/* ---- texts ---- */

/* Attributes and datasets differ only in the call that reads. */
static bool read_any(hid_t object, hid_t type, void *out)
{
    return (H5Iget_type(object) == H5I_ATTR ? H5Aread(object, type, out)
                                            : H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out)) >= 0;
}

static hid_t space_of(hid_t object)
{
    return H5Iget_type(object) == H5I_ATTR ? H5Aget_space(object) : H5Dget_space(object);
}

static hid_t type_of(hid_t object)
{
    return H5Iget_type(object) == H5I_ATTR ? H5Aget_type(object) : H5Dget_type(object);
}

static char *read_variable_text(hid_t object, hid_t type, hid_t space, struct arena *a)
{
    char *text = NULL, *out = NULL;
    hid_t memory = H5Tcopy(type);
    if (read_any(object, memory, &text)) {
        out = arena_strndup(a, text ? text : "", text ? strnlen(text, TEXT_MOST) : 0);
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, &text);
    }
    H5Tclose(memory);
    return out;
}

/* One text only: of an array of several nothing is taken. */
static char *read_text(hid_t object, struct arena *a)
{
    hid_t type = type_of(object), space = space_of(object);
    char *out = NULL;
    if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
        size_t size = H5Tget_size(type);
        if (H5Tis_variable_str(type) > 0) {
            out = read_variable_text(object, type, space, a);
        } else if (size <= TEXT_MOST) {
            char *text = arena_alloc(a, size + 1);
            hid_t memory = H5Tcopy(type);
            out = read_any(object, memory, text) ? text : NULL;
            H5Tclose(memory);
        }
    }
    H5Tclose(type);
    H5Sclose(space);
    if (out) { /* space-padded texts */
        size_t n = strlen(out);
        while (n > 0 && out[n - 1] == ' ')
            out[--n] = '\0';
    }
    return out;
}

char *h5_text(hid_t loc, const char *path, struct arena *a)
{
    hid_t dataset = h5_dataset(loc, path);
    if (dataset < 0)
        return NULL;
    char *text = read_text(dataset, a);
    H5Dclose(dataset);
    return text;
}

static hid_t attribute(hid_t object, const char *name)
{
    return H5Aexists(object, name) > 0 ? H5Aopen(object, name, H5P_DEFAULT) : -1;
}

char *h5_attribute_text(hid_t object, const char *name, struct arena *a)
{
    hid_t attr = attribute(object, name);
    if (attr < 0)
        return NULL;
    char *text = read_text(attr, a);
    H5Aclose(attr);
    return text;
}

/* ---- numbers ---- */

static bool is_number(hid_t object)
{
    hid_t type = type_of(object);
    H5T_class_t kind = H5Tget_class(type);
    H5Tclose(type);
    return kind == H5T_INTEGER || kind == H5T_FLOAT;
}

bool h5_numbers(hid_t loc, const char *path, uint64_t most, struct arena *a, double **v, uint64_t *n,
                hsize_t *dims, int *rank)
{
    hid_t dataset = h5_dataset(loc, path);
    if (dataset < 0)
        return false;
    hid_t space = H5Dget_space(dataset);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    int ndims = H5Sget_simple_extent_ndims(space);
    bool ok =
        is_number(dataset) && points >= 1 && (uint64_t)points <= most && ndims >= 0 && ndims <= RANK_MOST;
    if (ok) {
        *n = (uint64_t)points;
        *v = arena_array(a, (size_t)points, sizeof **v);
        if (dims)
            H5Sget_simple_extent_dims(space, dims, NULL);
        if (rank)
            *rank = ndims;
        ok = H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *v) >= 0;
    }
    H5Sclose(space);
    H5Dclose(dataset);
    return ok;
}

size_t h5_attribute_numbers(hid_t object, const char *name, double *v, size_t n)
{
    double all[64];
    hid_t attr = attribute(object, name);
    if (attr < 0)
        return 0;
    hid_t space = H5Aget_space(attr);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    size_t got = 0;
    if (is_number(attr) && points >= 1 && points <= 64 && H5Aread(attr, H5T_NATIVE_DOUBLE, all) >= 0)
        got = (size_t)points;
    H5Sclose(space);
    H5Aclose(attr);
    memcpy(v, all, (got < n ? got : n) * sizeof *v);
    return got;
}

/* ---- groups ---- */

struct members {
    struct arena *arena;
    char **names;
    size_t n, room;
};

static herr_t add_member(hid_t group, const char *name, const H5L_info_t *info, void *arg)
{
    struct members *m = arg;
    (void)group;
    (void)info;
    if (m->n == MEMBERS_MOST)
        return 1;
    if (m->n == m->room) {
        size_t room = m->room ? 2 * m->room : 32;
        char **names = arena_array(m->arena, room, sizeof *names);
        if (m->n > 0)
            memcpy(names, m->names, m->n * sizeof *names);
        m->names = names;
        m->room = room;
    }
    m->names[m->n++] = arena_strdup(m->arena, name);
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **h5_members(hid_t group, struct arena *a, size_t *n)
{
    struct members m = {.arena = a};
    hsize_t at = 0;
    H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &at, add_member, &m);
    if (m.n > 0)
        qsort(m.names, m.n, sizeof *m.names, compare_names);
    *n = m.n;
    return m.names;
}

bool h5_class_is(hid_t object, const char *class_name)
{
    struct arena a = {0};
    const char *text = h5_attribute_text(object, "NX_class", &a);
    bool same = text && strcmp(text, class_name) == 0;
    arena_free(&a);
    return same;
}

hid_t h5_next_of_class(hid_t group, const char *class_name, char **names, size_t n, size_t *i,
                       const char **name)
{
    while (*i < n) {
        *name = names[(*i)++];
        hid_t object = h5_object(group, *name);
        if (object < 0)
            continue;
        if (h5_is_group(object) && h5_class_is(object, class_name))
            return object;
        H5Oclose(object);
    }
    return -1;
}

char *h5_name(hid_t object, struct arena *a)
{
    char name[4096] = "";
    return H5Iget_name(object, name, sizeof name) > 0 ? arena_strdup(a, name) : arena_strdup(a, "?");
}
