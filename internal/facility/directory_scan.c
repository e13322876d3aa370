/* directory_scan.c - what lies in the folders now. */
#include "facility/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char *path; /* below data_dir, "" at the top */
    int level;
    dev_t device;
    ino_t inode;
    const struct folder *parent;
};

/* The file server's time: that of a file which is made for it. Where none may be made, ours. */
static void read_clock(const char *folder, struct snapshot *out)
{
    struct str path = {0};
    struct stat s;
    out->now_ns = clock_now();
    str_printf(&path, "%s/.xfelx-clock-XXXXXX", folder);
    int fd = mkostemp(path.text, O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "x", 1) == 1 && fsync(fd) == 0 && fstat(fd, &s) == 0) {
            out->now_ns = (int64_t)s.st_mtim.tv_sec * 1000000000 + s.st_mtim.tv_nsec;
            out->server_clock = true;
        }
        unlink(path.text);
        close(fd);
    }
    str_free(&path);
}

static const char *read_text(struct arena *a, int folder, const char *name)
{
    char text[65536];
    size_t have = 0;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return "";
    for (ssize_t n; have < sizeof text && (n = read(fd, text + have, sizeof text - have)) > 0;)
        have += (size_t)n;
    close(fd);
    return arena_strndup(a, text, have);
}

static bool above(const struct folder *f, const struct stat *s)
{
    for (; f; f = f->parent)
        if (f->device == s->st_dev && f->inode == s->st_ino)
            return true;
    return false;
}

/* One folder: its files into the snapshot, its folders onto the pile. */
static bool look_into(const struct facility_settings *s, const struct folder *f, struct snapshot *out,
                      struct folder ***pile, size_t *n_pile, int deepest, struct error *err)
{
    struct arena *a = &out->arena;
    const char *whole = *f->path ? arena_printf(a, "%s/%s", s->data_dir, f->path) : s->data_dir;
    DIR *d = opendir(whole);
    if (!d)
        return f->level > 0 ? true : error_system(err, ERROR_UNREADABLE, "cannot look into %s", whole);
    out->n_folders++;
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        if (e->d_type == DT_DIR && f->level >= deepest)
            continue;
        out->n_stats++;
        if (fstatat(dirfd(d), e->d_name, &st, 0) != 0)
            continue;
        char *path = *f->path ? arena_printf(a, "%s/%s", f->path, e->d_name) : arena_strdup(a, e->d_name);
        if (S_ISDIR(st.st_mode) && f->level < deepest && !above(f, &st)) {
            struct folder *sub = arena_alloc(a, sizeof *sub);
            *sub = (struct folder){path, f->level + 1, st.st_dev, st.st_ino, f};
            *pile = arena_grow(a, *pile, *n_pile, sizeof **pile);
            (*pile)[(*n_pile)++] = sub;
        }
        if (!S_ISREG(st.st_mode))
            continue;
        if (out->n == DIRECTORY_MOST)
            return closedir(d), error_set(err, ERROR_UNSUPPORTED, "more than %d files below %s",
                                          DIRECTORY_MOST, s->data_dir);
        out->at = arena_grow(a, out->at, out->n, sizeof *out->at);
        bool text =
            strcmp(e->d_name, "status.txt") == 0 || (s->manifest && strcmp(e->d_name, s->manifest) == 0);
        out->at[out->n++] = (struct seen_file){
            .path = path,
            .folder = strlen(f->path),
            .size = (uint64_t)st.st_size,
            .inode = st.st_ino,
            .modified_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
            .text = text ? read_text(a, dirfd(d), e->d_name) : NULL,
        };
    }
    closedir(d);
    return true;
}

static int by_folder(const void *x, const void *y)
{
    const struct seen_file *a = x, *b = y;
    size_t n = a->folder < b->folder ? a->folder : b->folder;
    int order = memcmp(a->path, b->path, n);
    if (!order)
        order = (a->folder > b->folder) - (a->folder < b->folder);
    return order ? order : strcmp(a->path, b->path);
}

bool directory_scan(const struct facility_settings *s, struct snapshot *out, struct error *err)
{
    struct stat st;
    struct folder top = {.path = (char[1]){0}}, **pile = NULL;
    size_t n_pile = 0;
    int deepest = s->folders ? s->depth : s->depth - 1;
    *out = (struct snapshot){0};
    if (!s->data_dir)
        return error_set(err, ERROR_USAGE, "no folder to look into"),
               error_hint(err, "set facility.standalone.data_dir");
    if (stat(s->data_dir, &st) != 0)
        return error_system(err, ERROR_UNREADABLE, "cannot look into %s", s->data_dir);
    top.device = st.st_dev;
    top.inode = st.st_ino;
    if (!look_into(s, &top, out, &pile, &n_pile, deepest, err))
        return false;
    while (n_pile > 0)
        if (!look_into(s, pile[--n_pile], out, &pile, &n_pile, deepest, err))
            return false;
    if (out->n > 1)
        qsort(out->at, out->n, sizeof *out->at, by_folder);
    read_clock(s->data_dir, out); /* afterwards: a file is never younger than the clock */
    return true;
}
