/* h5_image.c - images: frames put together from datasets, through external links and virtual datasets. */
#include "source/h5_describe.h"

#include <string.h>
#include <unistd.h>

enum { PIECES_MOST = 10000000 };

static struct h5_array *add_array(struct h5_builder *b)
{
    b->d.arrays = arena_grow(b->arena, b->d.arrays, b->d.n_arrays, sizeof *b->d.arrays);
    return &b->d.arrays[b->d.n_arrays++];
}

static void add_piece(struct h5_builder *b, struct h5_image *m, const struct h5_piece *p)
{
    if (m->n_pieces >= PIECES_MOST)
        return;
    m->pieces = arena_grow(b->arena, m->pieces, (size_t)m->n_pieces, sizeof *m->pieces);
    m->pieces[m->n_pieces++] = *p;
}

struct h5_image *h5_image_begin(struct h5_builder *b, uint32_t use, const char *name)
{
    b->d.images = arena_grow(b->arena, b->d.images, b->d.n_images, sizeof *b->d.images);
    struct h5_image *m = &b->d.images[b->d.n_images++];
    *m = (struct h5_image){.name = arena_strdup(b->arena, name), .use = use};
    return m;
}

void h5_image_end(struct h5_builder *b, struct h5_image *m)
{
    for (size_t i = H5_MODULE; i < H5_ROLES; i++) { /* nothing could be seen of its frames */
        if (m->extent[i] == 0)
            m->extent[i] = 1;
    }
    h5_image_sort(m, b->arena);
}

/* ---- what is not there ---- */

/* A dataset that cannot be opened: says what the link pointed to. */
static void describe_missing(struct h5_builder *b, hid_t loc, const char *path, struct h5_array *out)
{
    *out = (struct h5_array){.path = b->path, .dataset = arena_strdup(b->arena, path), .fault = ""};
    H5L_info_t info;
    char value[4096] = "";
    const char *file = NULL, *object = NULL;
    unsigned flags;
    if (H5Lget_info(loc, path, &info, H5P_DEFAULT) < 0) {
        h5_array_fault(out, ERROR_MISSING, b->arena, "there is no dataset %s", path);
    } else if (info.type == H5L_TYPE_EXTERNAL && info.u.val_size < sizeof value &&
               H5Lget_val(loc, path, value, sizeof value, H5P_DEFAULT) >= 0 &&
               H5Lunpack_elink_val(value, info.u.val_size, &flags, &file, &object) >= 0) {
        char *full = fs_join(b->arena, fs_folder(b->arena, b->path), file);
        if (access(full, F_OK) != 0)
            h5_array_fault(out, ERROR_MISSING, b->arena, "%s points to %s, which is not there", path, file);
        else
            h5_array_fault(out, ERROR_MISSING, b->arena, "%s points to %s in %s, which cannot be opened",
                           path, object, file);
    } else {
        h5_array_fault(out, ERROR_MISSING, b->arena, "%s leads nowhere or cannot be opened", path);
    }
}

/* ---- virtual datasets ---- */

/* A selection by role: start, and runs of `block` every `stride`, `count` times. Only frames may have count
 * > 1. */
struct selection {
    uint64_t start[H5_ROLES], stride, count, block, size[H5_ROLES];
};

/* The box or comb that a dataspace selects, in the file's dimensions; unlimited ones end with the extent. */
static bool read_selection(hid_t space, int rank, const hsize_t *extent, hsize_t *start, hsize_t *stride,
                           hsize_t *count, hsize_t *block)
{
    H5S_sel_type kind = H5Sget_select_type(space);
    if (kind == H5S_SEL_ALL) {
        for (int i = 0; i < rank; i++)
            start[i] = 0, stride[i] = count[i] = 1, block[i] = extent[i];
        return true;
    }
    if (kind != H5S_SEL_HYPERSLABS || H5Sis_regular_hyperslab(space) <= 0 ||
        H5Sget_regular_hyperslab(space, start, stride, count, block) < 0)
        return false;
    for (int i = 0; i < rank; i++) {
        if (start[i] > extent[i] || stride[i] == 0 || block[i] == 0)
            return false;
        if (block[i] == H5S_UNLIMITED)
            block[i] = extent[i] - start[i];
        if (count[i] == H5S_UNLIMITED)
            count[i] =
                extent[i] - start[i] < block[i] ? 0 : (extent[i] - start[i] - block[i]) / stride[i] + 1;
        if (stride[i] == block[i]) { /* runs that touch are one */
            block[i] *= count[i];
            count[i] = 1;
        }
    }
    return true;
}

/* Roles of a source's dimensions: the virtual dataset's when the rank is the same; a lower rank lacks the
 * module or frame dimension of which one is selected; a higher one has the usual roles. */
static bool source_roles(int rank, int virtual_rank, const uint32_t *virtual_roles, const struct selection *v,
                         uint32_t *roles)
{
    if (rank >= virtual_rank)
        return h5_roles(rank, virtual_roles, rank == virtual_rank ? (size_t)rank : 0, roles);
    static const uint32_t may_lack[] = {H5_MODULE, H5_FRAME};
    int lack = virtual_rank - rank, n = 0;
    bool dropped[H5_ROLES] = {false};
    for (size_t i = 0; i < 2 && lack > 0; i++) {
        if (v->size[may_lack[i]] == 1) {
            dropped[may_lack[i]] = true;
            lack--;
        }
    }
    for (int i = 0; i < virtual_rank; i++) {
        if (!dropped[virtual_roles[i]] && n < rank)
            roles[n++] = virtual_roles[i];
    }
    return lack == 0 && n == rank && rank >= 2;
}

/* By role. Other dimensions than frames must be one run. */
static bool selection_by_role(hid_t space, int rank, const hsize_t *extent, const uint32_t *roles,
                              struct selection *s)
{
    hsize_t start[H5_ROLES], stride[H5_ROLES], count[H5_ROLES], block[H5_ROLES];
    if (!read_selection(space, rank, extent, start, stride, count, block))
        return false;
    *s = (struct selection){.stride = 1, .count = 1, .block = 1, .size = {1, 1, 1, 1}};
    for (int i = 0; i < rank; i++) {
        uint32_t role = roles[i];
        s->start[role] = start[i];
        if (role == H5_FRAME) {
            s->stride = stride[i];
            s->count = count[i];
            s->block = block[i];
            s->size[role] = block[i] * count[i];
        } else if (count[i] != 1) {
            return false;
        } else {
            s->size[role] = block[i];
        }
    }
    return s->size[H5_FRAME] <= 100000000;
}

/* Walk the frame runs of both sides together and put down a piece for each run they share. */
static void add_runs(struct h5_builder *b, struct h5_image *m, uint32_t array, const struct selection *v,
                     const struct selection *s, uint64_t source_frames)
{
    uint64_t total = v->size[H5_FRAME] < s->size[H5_FRAME] ? v->size[H5_FRAME] : s->size[H5_FRAME];
    for (uint64_t done = 0; done < total;) {
        uint64_t vi = done / v->block, vj = done % v->block, si = done / s->block, sj = done % s->block;
        uint64_t run = v->block - vj < s->block - sj ? v->block - vj : s->block - sj;
        run = run < total - done ? run : total - done;
        struct h5_piece p = {.array = array};
        memcpy(p.at, v->start, sizeof p.at);
        memcpy(p.from, s->start, sizeof p.from);
        memcpy(p.size, v->size, sizeof p.size);
        p.at[H5_FRAME] = v->start[H5_FRAME] + vi * v->stride + vj;
        p.from[H5_FRAME] = s->start[H5_FRAME] + si * s->stride + sj;
        p.size[H5_FRAME] = run;
        done += run;
        if (p.from[H5_FRAME] >= source_frames)
            continue; /* promised, not written yet */
        if (p.from[H5_FRAME] + run > source_frames)
            p.size[H5_FRAME] = source_frames - p.from[H5_FRAME];
        add_piece(b, m, &p);
    }
}

/* The dataset a mapping takes from: described once per (file, dataset). Returns its index; opens nothing
 * twice. */
static uint32_t mapped_array(struct h5_builder *b, const char *file, const char *dataset, int virtual_rank,
                             const uint32_t *roles, const struct selection *v)
{
    char *full = strcmp(file, ".") == 0 ? arena_strdup(b->arena, b->path)
                                        : fs_join(b->arena, fs_folder(b->arena, b->path), file);
    for (size_t i = b->n_taken; i-- > 0;) { /* mostly the one before */
        if (strcmp(b->taken[i].file, full) == 0 && strcmp(b->taken[i].dataset, dataset) == 0)
            return b->taken[i].array;
    }
    struct error err = {0};
    hid_t source = -1, opened = strcmp(file, ".") == 0 ? b->file : h5_file_open(full, &err);
    struct h5_array *out = add_array(b);
    *out = (struct h5_array){.fault = ""};
    if (opened >= 0)
        source = h5_dataset(opened, dataset);
    if (source >= 0) {
        hid_t space = H5Dget_space(source);
        int rank = H5Sget_simple_extent_ndims(space);
        uint32_t own[H5_ROLES];
        H5Sclose(space);
        if (source_roles(rank, virtual_rank, roles, v, own))
            h5_array_describe(source, own, (size_t)rank, b->arena, out);
        else
            h5_array_fault(out, ERROR_UNSUPPORTED, b->arena,
                           "%s: its %d dimensions do not fit the virtual dataset", dataset, rank);
        H5Dclose(source);
    } else if (opened == b->file) {
        describe_missing(b, b->file, dataset, out);
    } else if (access(full, F_OK) != 0) {
        h5_array_fault(out, ERROR_MISSING, b->arena, "a virtual dataset takes from %s, which is not there",
                       file);
    } else {
        h5_array_fault(out, ERROR_MISSING, b->arena,
                       "a virtual dataset takes from %s in %s, which cannot be opened", dataset, file);
    }
    if (opened >= 0 && opened != b->file)
        h5_file_close(opened);
    if (!out->path) {
        out->path = full;
        out->dataset = arena_strdup(b->arena, dataset);
    }
    b->taken = arena_grow(b->arena, b->taken, b->n_taken, sizeof *b->taken);
    b->taken[b->n_taken++] =
        (struct h5_taken){full, arena_strdup(b->arena, dataset), (uint32_t)(b->d.n_arrays - 1)};
    return (uint32_t)(b->d.n_arrays - 1);
}

/* What a mapping takes from its source. "All" comes without an extent: it is the source's own, which may have grown. */
static bool source_selection(hid_t space, int virtual_rank, const uint32_t *virtual_roles,
                             const struct selection *v, const struct h5_array *a, struct selection *s)
{
    int rank = H5Sget_simple_extent_ndims(space);
    uint32_t roles[H5_ROLES];
    hsize_t extent[H5_ROLES];
    if (H5Sget_select_type(space) == H5S_SEL_ALL) {
        *s = (struct selection){.stride = 1, .count = 1, .block = a->extent[H5_FRAME]};
        memcpy(s->size, a->extent, sizeof s->size);
        return s->block > 0;
    }
    if (rank < 2 || rank > H5_ROLES || !source_roles(rank, virtual_rank, virtual_roles, v, roles))
        return false;
    for (int i = 0; i < rank; i++)
        extent[i] = a->extent[roles[i]];
    return selection_by_role(space, rank, extent, roles, s);
}

static bool add_mapping(struct h5_builder *b, struct h5_image *m, hid_t plist, size_t i, int rank,
                        const hsize_t *dims, const uint32_t *roles, uint64_t first)
{
    char file[4096] = "", dataset[4096] = "";
    hid_t vspace = H5Pget_virtual_vspace(plist, i), sspace = H5Pget_virtual_srcspace(plist, i);
    struct selection v, s;
    bool ok = vspace >= 0 && sspace >= 0 && H5Pget_virtual_filename(plist, i, file, sizeof file) >= 0 &&
              H5Pget_virtual_dsetname(plist, i, dataset, sizeof dataset) >= 0 && !strchr(file, '%') &&
              selection_by_role(vspace, rank, dims, roles, &v);
    if (ok) {
        uint32_t index = mapped_array(b, file, dataset, rank, roles, &v);
        const struct h5_array *a = &b->d.arrays[index];
        v.start[H5_FRAME] += first;
        if (a->fault_code != ERROR_NONE) {
            s = v;
            add_runs(b, m, index, &v, &s, UINT64_MAX);
        } else {
            ok = source_selection(sspace, rank, roles, &v, a, &s) && s.size[H5_MODULE] == v.size[H5_MODULE] &&
                 s.size[H5_SLOW] == v.size[H5_SLOW] && s.size[H5_FAST] == v.size[H5_FAST];
            for (size_t k = H5_MODULE; ok && k < H5_ROLES; k++)
                ok = s.start[k] + s.size[k] <= a->extent[k] && v.start[k] + v.size[k] <= m->extent[k];
            if (ok)
                add_runs(b, m, index, &v, &s, a->extent[H5_FRAME]);
        }
    }
    if (vspace >= 0)
        H5Sclose(vspace);
    if (sspace >= 0)
        H5Sclose(sspace);
    return ok;
}

static void add_virtual(struct h5_builder *b, struct h5_image *m, hid_t dataset, const char *path, int rank,
                        const hsize_t *dims, const uint32_t *roles, uint64_t first)
{
    hid_t plist = H5Dget_create_plist(dataset);
    size_t n = 0;
    H5Pget_virtual_count(plist, &n);
    for (size_t i = 0; i < n; i++) {
        if (!add_mapping(b, m, plist, i, rank, dims, roles, first))
            h5_add_note(b, "mapping %zu of the virtual dataset %s is of a kind that is not read", i, path);
    }
    H5Pclose(plist);
}

/* ---- datasets ---- */

static bool is_virtual(hid_t dataset)
{
    hid_t plist = H5Dget_create_plist(dataset);
    bool yes = H5Pget_layout(plist) == H5D_VIRTUAL;
    H5Pclose(plist);
    return yes;
}

/* The first dataset of an image says how large its frames are; the others must agree. */
static bool same_frames(struct h5_image *m, const uint64_t *extent)
{
    for (size_t i = H5_MODULE; i < H5_ROLES; i++) {
        if (m->extent[i] == 0)
            m->extent[i] = extent[i];
        if (m->extent[i] != extent[i])
            return false;
    }
    return true;
}

static void add_whole(struct h5_builder *b, struct h5_image *m, struct h5_array *a)
{
    struct h5_piece p = {.array = (uint32_t)(a - b->d.arrays), .size = {1, 1, 1, 1}};
    if (a->fault_code == ERROR_NONE && !same_frames(m, a->extent))
        h5_array_fault(a, ERROR_METADATA, b->arena, "%s: its frames are not of the size of the others",
                       a->dataset);
    if (a->fault_code == ERROR_NONE)
        memcpy(p.size, a->extent, sizeof p.size);
    else if (a->extent[H5_FRAME] > 1)
        p.size[H5_FRAME] = a->extent[H5_FRAME];
    p.at[H5_FRAME] = m->extent[H5_FRAME];
    if (p.size[H5_FRAME] > 0)
        add_piece(b, m, &p);
    m->extent[H5_FRAME] += p.size[H5_FRAME];
}

void h5_image_add(struct h5_builder *b, struct h5_image *m, hid_t loc, const char *path,
                  const uint32_t *given, size_t n_roles)
{
    hid_t dataset = h5_dataset(loc, path);
    if (dataset < 0) {
        struct h5_array *missing = add_array(b);
        describe_missing(b, loc, path, missing);
        add_whole(b, m, missing);
        return;
    }
    hid_t space = H5Dget_space(dataset);
    hsize_t dims[H5_ROLES] = {0};
    uint32_t roles[H5_ROLES];
    int rank = H5Sget_simple_extent_ndims(space);
    bool usual = h5_roles(rank, given, n_roles, roles);
    if (usual && is_virtual(dataset)) {
        uint64_t extent[H5_ROLES] = {1, 1, 1, 1}, first = m->extent[H5_FRAME];
        H5Sget_simple_extent_dims(space, dims, NULL);
        for (int i = 0; i < rank; i++)
            extent[roles[i]] = dims[i];
        if (extent[H5_FRAME] <= 100000000 && same_frames(m, extent)) {
            m->extent[H5_FRAME] += extent[H5_FRAME];
            add_virtual(b, m, dataset, path, rank, dims, roles, first);
        } else {
            h5_add_note(b, "the virtual dataset %s has other frames than the first", path);
        }
    } else {
        struct h5_array *a = add_array(b);
        h5_array_describe(dataset, given, n_roles, b->arena, a);
        add_whole(b, m, a);
    }
    H5Sclose(space);
    H5Dclose(dataset);
}
