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
static void read_clock(const char *folder, struct directory_scan *out)
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

struct scanning {
    const struct facility_settings *s;
    struct directory_scan *out;
    struct arena arena; /* of folders */
    struct folder **pile;
    size_t n_pile;
    int deepest;
};

/* Of the folder in hand. */
struct files {
    struct arena arena;
    struct seen_file *at;
    size_t n;
};

/* What was there a moment ago, or never was: a link to nothing, or to itself. */
static bool is_gone(int code)
{
    return code == ENOENT || code == ENOTDIR || code == ELOOP;
}

static void push(struct scanning *w, const struct folder *f, const char *name, const struct stat *st)
{
    struct arena *a = &w->arena;
    struct folder *sub = arena_alloc(a, sizeof *sub);
    char *path = *f->path ? arena_printf(a, "%s/%s", f->path, name) : arena_strdup(a, name);
    *sub = (struct folder){path, f->level + 1, st->st_dev, st->st_ino, f};
    w->pile = arena_grow(a, w->pile, w->n_pile, sizeof *w->pile);
    w->pile[w->n_pile++] = sub;
}

static void add_file(struct scanning *w, const struct folder *f, int folder, const char *name,
                     const struct stat *st, struct files *files)
{
    struct arena *a = &files->arena;
    const char *manifest = w->s->manifest;
    bool text = strcmp(name, "status.txt") == 0 || (manifest && strcmp(name, manifest) == 0);
    w->out->n_files++;
    files->at = arena_grow(a, files->at, files->n, sizeof *files->at);
    files->at[files->n++] = (struct seen_file){
        .path = *f->path ? arena_printf(a, "%s/%s", f->path, name) : arena_strdup(a, name),
        .folder = strlen(f->path),
        .size = (uint64_t)st->st_size,
        .inode = st->st_ino,
        .modified_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .text = text ? read_text(a, folder, name) : NULL,
    };
}

/* One name in a folder. Returns the errno of what nobody can go on with, or 0. */
static int look_at(struct scanning *w, const struct folder *f, int folder, const struct dirent *e,
                   struct files *files)
{
    struct stat st;
    bool whole = w->out->files;
    if (e->d_name[0] == '.' || (e->d_type == DT_DIR && f->level >= w->deepest) ||
        (!whole && e->d_type == DT_REG))
        return 0;
    w->out->n_stats++;
    if (fstatat(folder, e->d_name, &st, 0) !=
        0) /* a link that leads where we may not look is no file of ours */
        return is_gone(errno) || errno == EACCES ? 0 : errno;
    if (S_ISDIR(st.st_mode) && f->level < w->deepest && !above(f, &st))
        push(w, f, e->d_name, &st);
    if (S_ISREG(st.st_mode) && whole)
        add_file(w, f, folder, e->d_name, &st, files);
    return 0;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const struct seen_file *)x)->path, ((const struct seen_file *)y)->path);
}

/* One folder: its files to who takes them, its folders onto the pile. */
static bool look_into(struct scanning *w, const struct folder *f, struct error *err)
{
    struct files files = {0};
    const char *whole = fs_join(&files.arena, w->s->data_dir, f->path);
    int wrong = 0;
    DIR *d = opendir(whole);
    if (!d) {
        wrong = errno;
    } else {
        struct dirent *e;
        w->out->n_folders++;
        while (!wrong && w->out->n_files <= DIRECTORY_MOST && (errno = 0, e = readdir(d)))
            wrong = look_at(w, f, dirfd(d), e, &files);
        wrong = wrong ? wrong : w->out->n_files <= DIRECTORY_MOST ? errno : 0;
        closedir(d);
    }
    bool good =
        w->out->n_files <= DIRECTORY_MOST ||
        error_set(err, ERROR_UNSUPPORTED, "more than %d files below %s", DIRECTORY_MOST, w->s->data_dir);
    if (good && wrong && f->level == 0) {
        errno = wrong;
        good = error_system(err, ERROR_UNREADABLE, "cannot look into %s", whole);
    }
    if (files.n > 1)
        qsort(files.at, files.n, sizeof *files.at, by_name);
    if (good && !is_gone(wrong)) {
        const struct seen_folder seen = {f->path, wrong ? NULL : files.at, wrong ? 0 : files.n, wrong};
        w->out->take(w->out->arg, &seen);
    }
    arena_free(&files.arena);
    return good;
}

bool directory_scan(const struct facility_settings *s, struct directory_scan *scan, struct error *err)
{
    struct stat st;
    struct folder top = {.path = (char[1]){0}};
    struct scanning w = {.s = s, .out = scan, .deepest = s->folders ? s->depth : s->depth - 1};
    if (!s->data_dir)
        return error_set(err, ERROR_USAGE, "no folder to look into"),
               error_hint(err, "set facility.standalone.data_dir");
    if (stat(s->data_dir, &st) != 0)
        return error_system(err, ERROR_UNREADABLE, "cannot look into %s", s->data_dir);
    top.device = st.st_dev;
    top.inode = st.st_ino;
    bool good = look_into(&w, &top, err);
    while (good && w.n_pile > 0)
        good = look_into(&w, w.pile[--w.n_pile], err);
    if (good && scan->files)
        read_clock(s->data_dir, scan); /* afterwards: a file is never younger than the clock */
    arena_free(&w.arena);
    return good;
}
