/* h5_array.c - one dataset as it lies in its file: what the parent needs to read pixels without the HDF5 library. */
#include "source/h5_describe.h"

#include <stdarg.h>
#include <string.h>

enum { COMPACT_MOST = 1 << 16 };
static const uint64_t CHUNKS_MOST = 1u << 24;

void h5_array_fault(struct h5_array *out, enum error_code code, struct arena *a, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    out->fault = arena_strdup(a, text);
    out->fault_code = code;
}

bool h5_roles(int rank, const uint32_t *roles, size_t n_roles, uint32_t out[H5_ROLES])
{
    static const uint32_t usual[H5_ROLES + 1][H5_ROLES] = {
        [2] = {H5_SLOW, H5_FAST},
        [3] = {H5_FRAME, H5_SLOW, H5_FAST},
        [4] = {H5_FRAME, H5_MODULE, H5_SLOW, H5_FAST},
    };
    if (rank < 2 || rank > H5_ROLES || (n_roles > 0 && n_roles != (size_t)rank))
        return false;
    memcpy(out, n_roles > 0 ? roles : usual[rank], (size_t)rank * sizeof *out);
    return true;
}

/* Pixel type of a dataset; booleans of h5py are enumerations of one byte. */
static bool pixel_type(hid_t dataset, struct h5_array *out, char *words, size_t room)
{
    static const enum pixel_type integers[2][5] = {
        {PIXEL_TYPES, PIXEL_U8, PIXEL_U16, PIXEL_TYPES, PIXEL_U32},
        {PIXEL_TYPES, PIXEL_I8, PIXEL_I16, PIXEL_TYPES, PIXEL_I32},
    };
    hid_t type = H5Dget_type(dataset);
    H5T_class_t kind = H5Tget_class(type);
    if (kind == H5T_ENUM) {
        hid_t base = H5Tget_super(type);
        H5Tclose(type);
        type = base;
        kind = H5Tget_class(type);
    }
    size_t size = H5Tget_size(type);
    bool whole = H5Tget_precision(type) == 8 * size;
    out->type = PIXEL_TYPES;
    if (kind == H5T_INTEGER && whole && size <= 4)
        out->type = integers[H5Tget_sign(type) == H5T_SGN_2][size];
    else if (kind == H5T_FLOAT && whole && size >= 4)
        out->type = size == 4 ? PIXEL_F32 : size == 8 ? PIXEL_F64 : PIXEL_TYPES;
    out->swap = size > 1 && H5Tget_order(type) == H5T_ORDER_BE;
    const char *word = kind == H5T_INTEGER ? "integers"
                       : kind == H5T_FLOAT ? "reals"
                                           : "neither integers nor reals,";
    snprintf(words, room, "%s of %s", word, COUNT(size, "byte"));
    H5Tclose(type);
    return out->type != PIXEL_TYPES;
}

/* ---- chunks ---- */

struct chunk_table {
    struct h5_array *array;
    int rank;
    hsize_t chunk[H5_ROLES], cells[H5_ROLES];
    uint64_t base; /* added to addresses */
};

static void put_chunk(struct chunk_table *t, const hsize_t *offset, unsigned mask, haddr_t address,
                      hsize_t size)
{
    uint64_t index = 0;
    for (int i = 0; i < t->rank; i++) {
        hsize_t cell = offset[i] / t->chunk[i];
        if (cell >= t->cells[i])
            return; /* left over of a dataset that shrank */
        index = index * t->cells[i] + cell;
    }
    if (address != HADDR_UNDEF && size <= UINT32_MAX)
        t->array->chunks[index] = (struct h5_chunk){address + t->base, (uint32_t)size, mask};
}

#if H5_VERSION_GE(1, 14, 0)
/* Addresses count from the start of the file (checked with 1.14.5 by a_user_block_shifts_nothing). */
static uint64_t chunk_base(hid_t dataset)
{
    (void)dataset;
    return 0;
}

static int each_chunk(const hsize_t *offset, unsigned mask, haddr_t address, hsize_t size, void *arg)
{
    put_chunk(arg, offset, mask, address, size);
    return H5_ITER_CONT;
}

static bool walk_chunks(hid_t dataset, struct chunk_table *t)
{
    return H5Dchunk_iter(dataset, H5P_DEFAULT, each_chunk, t) >= 0;
}
#else
/* The older library (1.10.8) counts addresses of chunks, not those of contiguous data, from behind the user block. */
static uint64_t chunk_base(hid_t dataset)
{
    hid_t file = H5Iget_file_id(dataset), fcpl = H5Fget_create_plist(file);
    hsize_t size = 0;
    H5Pget_userblock(fcpl, &size);
    H5Pclose(fcpl);
    H5Fclose(file);
    return size;
}

/* It has no iterator either: it counts up to the i-th chunk each time. For the second build only. */
static bool walk_chunks(hid_t dataset, struct chunk_table *t)
{
    hsize_t n = 0, offset[H5_ROLES], size = 0;
    unsigned mask = 0;
    haddr_t address = HADDR_UNDEF;
    hid_t space = H5Dget_space(dataset);
    bool ok = H5Dget_num_chunks(dataset, space, &n) >= 0;
    for (hsize_t i = 0; i < n && ok; i++) {
        ok = H5Dget_chunk_info(dataset, space, i, offset, &mask, &address, &size) >= 0;
        if (ok)
            put_chunk(t, offset, mask, address, size);
    }
    H5Sclose(space);
    return ok;
}
#endif

static void describe_chunks(hid_t dataset, hid_t plist, int rank, const hsize_t *dims, const uint32_t *roles,
                            struct arena *a, struct h5_array *out)
{
    struct chunk_table t = {.array = out, .rank = rank, .base = chunk_base(dataset)};
    uint64_t cells = 1;
    if (H5Pget_chunk(plist, rank, t.chunk) != rank) {
        h5_array_fault(out, ERROR_DAMAGED, a, "its chunk sizes cannot be read");
        return;
    }
    for (int i = 0; i < rank; i++) {
        t.cells[i] = (dims[i] + t.chunk[i] - 1) / t.chunk[i];
        out->chunk[roles[i]] = t.chunk[i];
        cells = cells > CHUNKS_MOST ? cells : cells * t.cells[i];
    }
    if (cells > CHUNKS_MOST) {
        h5_array_fault(out, ERROR_UNSUPPORTED, a, "it has more than %llu chunks",
                       (unsigned long long)CHUNKS_MOST);
        return;
    }
    out->n_chunks = cells;
    out->chunks = arena_array(a, (size_t)cells, sizeof *out->chunks);
    if (!walk_chunks(dataset, &t))
        h5_array_fault(out, ERROR_DAMAGED, a, "its table of chunks cannot be read");
}

static void describe_filters(hid_t plist, struct arena *a, struct h5_array *out)
{
    int n = H5Pget_nfilters(plist);
    if (n < 0 || n > H5_FILTERS_MOST) {
        h5_array_fault(out, ERROR_UNSUPPORTED, a, "it has more than %d filters", H5_FILTERS_MOST);
        return;
    }
    out->n_filters = (uint32_t)n;
    for (int i = 0; i < n; i++) {
        unsigned flags = 0, values[H5_FILTER_VALUES] = {0}, config = 0;
        size_t n_values = H5_FILTER_VALUES;
        char name[1] = "";
        H5Z_filter_t id =
            H5Pget_filter2(plist, (unsigned)i, &flags, &n_values, values, sizeof name, name, &config);
        struct h5_filter *f = &out->filters[i];
        f->id = (uint32_t)id;
        f->n_values = n_values < H5_FILTER_VALUES ? (uint32_t)n_values : H5_FILTER_VALUES;
        memcpy(f->values, values, f->n_values * sizeof *values);
    }
}

static void describe_compact(hid_t dataset, struct arena *a, struct h5_array *out)
{
    size_t n = pixel_bytes((enum pixel_type)out->type);
    for (size_t i = 0; i < H5_ROLES; i++)
        n *= out->extent[i] <= COMPACT_MOST ? (size_t)out->extent[i] : COMPACT_MOST + 1;
    if (n > COMPACT_MOST) {
        h5_array_fault(out, ERROR_DAMAGED, a, "it is compact and too large for that");
        return;
    }
    uint8_t *bytes = arena_alloc(a, n);
    hid_t type = H5Dget_type(dataset);
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes) < 0)
        h5_array_fault(out, ERROR_DAMAGED, a, "it cannot be read");
    H5Tclose(type);
    out->bytes = bytes;
    out->n_bytes = n;
}

static void describe_layout(hid_t dataset, int rank, const hsize_t *dims, const uint32_t *roles,
                            struct arena *a, struct h5_array *out)
{
    hid_t plist = H5Dget_create_plist(dataset);
    H5D_layout_t layout = H5Pget_layout(plist);
    if (layout == H5D_CHUNKED) {
        out->layout = H5_CHUNKED;
        describe_filters(plist, a, out);
        describe_chunks(dataset, plist, rank, dims, roles, a, out);
    } else if (layout == H5D_COMPACT) {
        out->layout = H5_COMPACT;
        describe_compact(dataset, a, out);
    } else if (layout == H5D_CONTIGUOUS && H5Pget_external_count(plist) <= 0) {
        out->layout = H5_CONTIGUOUS;
        haddr_t address = H5Dget_offset(dataset);
        out->address = address == HADDR_UNDEF ? 0 : address;
    } else {
        h5_array_fault(out, ERROR_UNSUPPORTED, a, "its storage is of a kind that is not read (%s)",
                       layout == H5D_CONTIGUOUS ? "external raw files"
                       : layout == H5D_VIRTUAL  ? "nested virtual"
                                                : "?");
    }
    H5Pclose(plist);
}

/* Path of the file that holds a dataset, links resolved, as the parent will open it. */
static const char *file_path(hid_t dataset, struct arena *a)
{
    char name[4096] = "";
    hid_t file = H5Iget_file_id(dataset);
    if (H5Fget_name(file, name, sizeof name) < 0)
        name[0] = '\0';
    H5Fclose(file);
    return fs_absolute(a, name);
}

void h5_array_describe(hid_t dataset, const uint32_t *given, size_t n_roles, struct arena *a,
                       struct h5_array *out)
{
    *out = (struct h5_array){.fault = "", .order = {H5_FRAME, H5_MODULE, H5_SLOW, H5_FAST}};
    for (size_t i = 0; i < H5_ROLES; i++)
        out->extent[i] = out->chunk[i] = 1;
    out->path = file_path(dataset, a);
    out->dataset = h5_name(dataset, a);

    hid_t space = H5Dget_space(dataset);
    hsize_t dims[H5_ROLES] = {0};
    uint32_t roles[H5_ROLES];
    char words[64];
    int rank = H5Sget_simple_extent_ndims(space);
    if (!h5_roles(rank, given, n_roles, roles)) {
        h5_array_fault(out, ERROR_METADATA, a, "it has %d dimensions, which are not those of images", rank);
        H5Sclose(space);
        return;
    }
    H5Sget_simple_extent_dims(space, dims, NULL);
    H5Sclose(space);

    /* Dimensions in the file's order, before them the roles that the dataset does not have. */
    uint32_t seen = 0, place = 0;
    for (int i = 0; i < rank; i++) {
        out->extent[roles[i]] = dims[i];
        seen |= 1u << roles[i];
    }
    for (uint32_t role = 0; role < H5_ROLES; role++) {
        if (!(seen >> role & 1))
            out->order[place++] = role;
    }
    for (int i = 0; i < rank; i++) {
        if (place < H5_ROLES)
            out->order[place++] = roles[i];
        if (dims[i] == 0 && roles[i] != H5_FRAME)
            h5_array_fault(out, ERROR_EMPTY, a, "it has no pixels");
        if (dims[i] > (roles[i] == H5_FRAME ? 100000000u : H5_DIMENSION_MOST))
            h5_array_fault(out, ERROR_METADATA, a, "a dimension of %llu is out of range",
                           (unsigned long long)dims[i]);
    }
    if (out->fault_code == ERROR_NONE && (place != H5_ROLES || roles[rank - 1] != H5_FAST))
        h5_array_fault(out, ERROR_UNSUPPORTED, a, "the fast-scan dimension is not its last one");
    if (out->fault_code == ERROR_NONE && !pixel_type(dataset, out, words, sizeof words))
        h5_array_fault(out, ERROR_UNSUPPORTED, a, "pixels that are %s are not read", words);
    if (out->type == PIXEL_TYPES)
        out->type = PIXEL_U8;
    if (out->fault_code == ERROR_NONE)
        describe_layout(dataset, rank, dims, roles, a, out);
}
