/* fs.c - files: whole reads, atomic writes, folders, names; see fs.h. */
#include "base/fs.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MAX ((size_t)1 << 40)

bool bytes_reserve(struct bytes *b, size_t n, struct error *err)
{
    b->size = 0;
    if (n <= b->room)
        return true;
    uint8_t *data = n <= BYTES_MAX ? malloc(n) : NULL; /* contents need not move: not realloc */
    if (!data)
        return error_set(err, ERROR_MEMORY, "no memory for %s", COUNT(n, "byte"));
    free(b->data);
    b->data = data;
    b->room = n;
    return true;
}

void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){0};
}

/* Write errors that mean "make room and run again" have a code of their own. */
static enum error_code write_code(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG ? ERROR_NO_SPACE : ERROR_FAILED;
}

/* ---- reading ---- */

static const char *kind_word(mode_t mode)
{
    return S_ISDIR(mode)    ? "a folder"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISCHR(mode)  ? "a device"
           : S_ISBLK(mode)  ? "a device"
                            : "not a regular file";
}

/* Open for reading only what is a regular file. O_NONBLOCK: opening a FIFO would wait for a writer for ever.
 */
static int open_regular(const char *path, struct stat *st, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        error_system(err, errno == EIO ? ERROR_IO : ERROR_UNREADABLE, "cannot open %s", path);
        return -1;
    }
    if (fstat(fd, st) != 0) {
        error_system(err, ERROR_IO, "cannot read %s", path);
    } else if (!S_ISREG(st->st_mode)) {
        error_set(err, ERROR_UNREADABLE, "cannot read %s", path);
        error_detail(err, "it is %s", kind_word(st->st_mode));
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

/* Bytes read: n, or fewer at the end of the file; -1 on error. */
static ssize_t read_fully(int fd, void *out, size_t n, uint64_t offset)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, (char *)out + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

bool fs_read(const char *path, size_t limit, struct bytes *out, struct error *err)
{
    out->size = 0;
    struct stat st;
    int fd = open_regular(path, &st, err);
    if (fd < 0)
        return false;
    size_t size = (size_t)st.st_size;
    ssize_t got = -1;
    if (size > limit)
        error_set(err, ERROR_UNSUPPORTED, "%s has %s, more than the %zu that are read", path,
                  COUNT(size, "byte"), limit);
    else if (bytes_reserve(out, size, err)) {
        got = read_fully(fd, out->data, size, 0);
        if (got < 0)
            error_system(err, ERROR_IO, "cannot read %s", path);
        else if ((size_t)got < size)
            error_set(err, ERROR_CHANGED, "%s shrank from %zu to %s while it was read", path, size,
                      COUNT(got, "byte"));
    }
    close(fd);
    if (got < 0 || (size_t)got < size)
        return false;
    out->size = size;
    return true;
}

bool fs_tail(const char *path, size_t most, struct bytes *out, uint64_t *size, struct error *err)
{
    out->size = 0;
    struct stat st;
    int fd = open_regular(path, &st, err);
    if (fd < 0)
        return false;
    *size = (uint64_t)st.st_size;
    size_t n = *size < most ? (size_t)*size : most;
    ssize_t got = -1;
    if (bytes_reserve(out, n, err)) {
        got = read_fully(fd, out->data, n, *size - n);
        if (got < 0)
            error_system(err, ERROR_IO, "cannot read %s", path);
    }
    close(fd);
    out->size = got < 0 ? 0 : (size_t)got; /* a file that was made anew meanwhile is shorter: what there is */
    return got >= 0;
}

bool fs_pread(int fd, void *out, size_t n, uint64_t offset, const char *path, struct error *err)
{
    if (offset > (uint64_t)INT64_MAX - n)
        return error_set(err, ERROR_TRUNCATED, "%s ends before byte %llu", path, (unsigned long long)offset);
    ssize_t got = read_fully(fd, out, n, offset);
    if (got < 0)
        return error_system(err, ERROR_IO, "cannot read %s at %llu of %s", COUNT(n, "byte"),
                            (unsigned long long)offset, path);
    if ((size_t)got < n)
        return error_set(err, ERROR_TRUNCATED, "%s ends early: %s wanted at byte %llu, %zd are there", path,
                         COUNT(n, "byte"), (unsigned long long)offset, got);
    return true;
}

/* ---- writing ---- */

static bool write_fully(int fd, const void *data, size_t n)
{
    size_t done = 0;
    while (done < n) {
        ssize_t put = write(fd, (const char *)data + done, n - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

/* The rename is only safe against a power cut when the folder is on disk too. Some file systems cannot fsync
 * a folder; the file itself is whole in any case, so their answer is not an error. */
static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* Open a new file beside path; its name is left in temporary. O_EXCL and our own counter: mkstemp would make
 * it 0600. */
static int open_temporary(const char *path, char *temporary, size_t size)
{
    for (int i = 0; i < 1000; i++) {
        snprintf(temporary, size, "%s.tmp-%ld-%d", path, (long)getpid(), i);
        int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* A device, a pipe: what is written there goes through it. A rename would put a file in its place: /dev/null gone. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static bool write_through(const char *path, const void *data, size_t n, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    bool ok = fd >= 0 && write_fully(fd, data, n);
    int number = errno;
    if (fd >= 0)
        close(fd);
    errno = number;
    return ok || error_system(err, write_code(number), "cannot write %s", path);
}

/* Where the links lead, so that a link stays one (/dev/stdout is one); the path itself when nothing is there. */
static const char *behind_links(struct arena *a, const char *path)
{
    char *real = realpath(path, NULL);
    if (!real)
        return path;
    path = arena_strdup(a, real);
    free(real);
    return path;
}

/* Everything behind the temporary file: fsync, rename; or its end. written: its bytes are there. */
static bool settle(int fd, const char *temporary, const char *path, bool written, struct error *err)
{
    bool ok = written && fsync(fd) == 0;
    int number = errno;
    if (close(fd) != 0 && ok) { /* NFS reports a full disk only here */
        ok = false;
        number = errno;
    }
    if (ok && rename(temporary, path) != 0) {
        ok = false;
        number = errno;
    }
    if (!ok) {
        unlink(temporary);
        errno = number;
        if (written)
            error_system(err, write_code(number), "cannot write %s", path);
    }
    return ok;
}

bool fs_write_atomic_by(const char *path, bool (*write)(void *arg, int fd, struct error *err), void *arg,
                        struct error *err)
{
    struct arena a = {0};
    path = behind_links(&a, path);
    size_t size = strlen(path) + 40;
    char *temporary = arena_alloc(&a, size);
    int fd = open_temporary(path, temporary, size);
    bool ok = fd >= 0;
    if (!ok)
        error_system(err, write_code(errno), "cannot write %s", path);
    ok = ok && settle(fd, temporary, path, write(arg, fd, err), err);
    if (ok)
        sync_folder(fs_folder(&a, path));
    arena_free(&a);
    return ok;
}

/* Bytes that are there already. */
struct whole {
    const char *path;
    const void *data;
    size_t n;
};

static bool write_whole(void *arg, int fd, struct error *err)
{
    const struct whole *w = arg;
    return write_fully(fd, w->data, w->n) || error_system(err, write_code(errno), "cannot write %s", w->path);
}

bool fs_write_atomic(const char *path, const void *data, size_t n, struct error *err)
{
    struct whole w = {path, data, n};
    return is_special(path) ? write_through(path, data, n, err)
                            : fs_write_atomic_by(path, write_whole, &w, err);
}

void fs_drop_torn(const char *path)
{
    struct arena a = {0};
    char **names;
    size_t n;
    if (fs_glob(arena_printf(&a, "%s.tmp-*", fs_quoted(&a, path)), &a, &names, &n, NULL))
        for (size_t i = 0; i < n; i++)
            unlink(names[i]);
    arena_free(&a);
}

bool fs_pwrite(int fd, const void *data, size_t n, uint64_t offset, const char *path, struct error *err)
{
    for (const char *at = data; n > 0;) {
        ssize_t put = pwrite(fd, at, n, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            errno = put ? errno : ENOSPC;
            return error_system(err, write_code(errno), "cannot write %s", path);
        }
        at += put, n -= (size_t)put, offset += (uint64_t)put;
    }
    return true;
}

/* ---- folders ---- */

bool fs_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fs_is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool fs_size(const char *path, int64_t *size, int64_t *modified_ns)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    *size = (int64_t)st.st_size;
    *modified_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return true;
}

bool fs_make_folders(const char *path, struct error *err)
{
    struct arena a = {0};
    char *part = arena_strdup(&a, path);
    bool ok = true;
    for (char *p = part + 1; ok && *part; p++) {
        if (*p && *p != '/')
            continue;
        char kept = *p;
        *p = 0;
        if (mkdir(part, 0777) != 0 &&
            !fs_is_folder(part)) { /* EEXIST, EROFS, EACCES on what exists are fine */
            ok = error_system(err, write_code(errno), "cannot make the folder %s", part);
            break;
        }
        *p = kept;
        if (!kept)
            break;
    }
    arena_free(&a);
    return ok;
}

static int name_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *fs_quoted(struct arena *a, const char *name)
{
    char *out = arena_alloc(a, 2 * strlen(name) + 1), *at = out;
    for (; *name; *at++ = *name++)
        if (strchr("*?[]\\", *name))
            *at++ = '\\';
    return out;
}

bool fs_glob(const char *pattern, struct arena *a, char ***names, size_t *n, struct error *err)
{
    *names = NULL;
    *n = 0;
    glob_t g = {0};
    int rc = glob(pattern, GLOB_NOSORT, NULL, &g);
    if (rc != 0 && rc != GLOB_NOMATCH) {
        globfree(&g);
        return error_set(err, rc == GLOB_NOSPACE ? ERROR_MEMORY : ERROR_IO, "cannot look for %s", pattern);
    }
    *n = g.gl_pathc;
    *names = arena_array(a, *n, sizeof **names);
    for (size_t i = 0; i < *n; i++)
        (*names)[i] = arena_strdup(a, g.gl_pathv[i]);
    globfree(&g);
    if (*n > 1)
        qsort(*names, *n, sizeof **names, name_order);
    return true;
}

bool fs_list(const char *folder, struct arena *a, char ***names, size_t *n, struct error *err)
{
    *names = NULL;
    *n = 0;
    DIR *d = opendir(folder);
    if (!d)
        return errno == ENOENT || error_system(err, ERROR_UNREADABLE, "cannot list the folder %s", folder);
    size_t room = 0;
    struct dirent *e;
    while (errno = 0, (e = readdir(d))) {
        if (e->d_name[0] == '.')
            continue;
        char *name = fs_join(a, folder, e->d_name);
        bool file = e->d_type == DT_REG ||
                    (e->d_type != DT_DIR && fs_is_file(name)); /* links, file systems without types */
        if (!file)
            continue;
        if (*n == room) {
            char **more = arena_array(a, room = room ? 2 * room : 64, sizeof *more);
            if (*n)
                memcpy(more, *names, *n * sizeof *more);
            *names = more;
        }
        (*names)[(*n)++] = name;
    }
    int number = errno;
    closedir(d);
    if (number) {
        errno = number;
        return error_system(err, ERROR_IO, "cannot list the folder %s", folder);
    }
    if (*n > 1)
        qsort(*names, *n, sizeof **names, name_order);
    return true;
}

/* ---- names ---- */

char *fs_absolute(struct arena *a, const char *path)
{
    struct str s = {0};
    if (path[0] != '/') {
        char *here = getcwd(NULL, 0);
        str_add(&s, here ? here : "");
        free(here);
    }
    /* Take part after part: "." and empty parts say nothing, ".." takes the last one away. Links are not
     * followed: the name a person gave is the identity of a frame. */
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        if (n == 2 && p[0] == '.' && p[1] == '.') {
            while (s.len && s.text[s.len - 1] != '/')
                s.len--;
            s.len -= s.len > 0;
        } else if (n && !(n == 1 && p[0] == '.')) {
            if (!s.len || s.text[s.len - 1] != '/')
                str_addc(&s, '/');
            str_addn(&s, p, n);
        }
        p += n;
        p += *p == '/';
    }
    char *out = s.len ? arena_strndup(a, s.text, s.len) : arena_strdup(a, "/");
    str_free(&s);
    return out;
}

char *fs_folder(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return arena_strdup(a, ".");
    while (slash > path && slash[-1] == '/')
        slash--;
    return slash == path ? arena_strdup(a, "/") : arena_strndup(a, path, (size_t)(slash - path));
}

const char *fs_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *fs_stem(struct arena *a, const char *path)
{
    static const char *const packed[] = {".gz", ".bz2", ".xz"};
    char *stem = arena_strdup(a, fs_name(path));
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
        if (str_ends(stem, packed[i]) && strlen(stem) > strlen(packed[i])) {
            stem[strlen(stem) - strlen(packed[i])] = 0;
            break;
        }
    char *dot = strrchr(stem, '.');
    if (dot && dot != stem) /* ".hidden" has no extension */
        *dot = 0;
    return stem;
}

char *fs_join(struct arena *arena, const char *a, const char *b)
{
    if (!*b || !*a || *b == '/')
        return arena_strdup(arena, !*b ? a : b);
    return arena_printf(arena, "%s%s%s", a, str_ends(a, "/") ? "" : "/", b);
}

char *fs_file_of(struct arena *a, const char *path, const char **inside)
{
    const char *at = NULL;
    for (const char *p = strstr(path, ":/"); p; p = strstr(p + 1, ":/"))
        at = p;
    bool split = at && at > path && at[2] && !fs_is_file(path);
    *inside = split ? at + 1 : NULL;
    return split ? arena_strndup(a, path, (size_t)(at - path)) : arena_strdup(a, path);
}
