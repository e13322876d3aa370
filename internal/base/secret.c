/* secret.c - passwords and tokens in files. */
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = 65536 };

static bool protected(const struct stat *s)
{
    if (s->st_uid == 0 && (s->st_mode & 0037) == 0)
        return true;
    return s->st_uid == geteuid() && (s->st_mode & 0077) == 0;
}

static bool take_line(int fd, const char *path, struct str *out, struct error *err)
{
    char piece[4096];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_system(err, ERROR_IO, "cannot read %s", path);
        const char *end = memchr(piece, '\n', (size_t)n);
        str_addn(out, piece, end ? (size_t)(end - piece) : (size_t)n);
        if (end)
            break;
        if (out->len > LIMIT)
            return error_set(err, ERROR_USAGE, "the first line of %s is longer than a secret can be", path);
    }
    if (out->len > 0 && out->text[out->len - 1] == '\r')
        out->text[--out->len] = '\0';
    if (out->len == 0)
        return error_set(err, ERROR_USAGE, "the first line of %s is empty", path),
               error_hint(err, "write the password or token into its first line");
    for (size_t i = 0; i < out->len; i++)
        if ((unsigned char)out->text[i] < ' ' || out->text[i] == 0x7f)
            return error_set(err, ERROR_USAGE, "the first line of %s has control characters", path);
    return true;
}

/* Open, once nobody else may read or write it; -1: refused. */
static int open_protected(const char *path, struct stat *s, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_system(err, ERROR_UNREADABLE, "cannot open %s", path), -1;
    if (fstat(fd, s) != 0 || !S_ISREG(s->st_mode)) {
        error_set(err, ERROR_UNREADABLE, "%s is no regular file", path);
    } else if (!protected(s)) {
        error_set(err, ERROR_USAGE, "%s can be read by others (mode %03o)", path, s->st_mode & 0777u);
        error_hint(err, "chmod 600 it, or let root own it with mode 440");
    } else {
        return fd;
    }
    close(fd);
    return -1;
}

bool secret_read(const char *path, struct str *out, struct error *err)
{
    struct stat s;
    str_clear(out);
    int fd = open_protected(path, &s, err);
    bool good = fd >= 0 && take_line(fd, path, out, err);
    if (fd >= 0)
        close(fd);
    return good;
}

bool secret_read_all(const char *path, size_t most, struct bytes *out, struct error *err)
{
    struct stat s;
    out->size = 0;
    int fd = open_protected(path, &s, err);
    if (fd < 0)
        return false;
    bool good = (uint64_t)s.st_size <= most;
    if (!good)
        error_set(err, ERROR_USAGE, "%s is longer than what it should hold (%s at most)", path,
                  COUNT(most, "byte"));
    good = good && bytes_reserve(out, (size_t)s.st_size + 1, err) &&
           fs_pread(fd, out->data, (size_t)s.st_size, 0, path, err);
    if (good)
        out->size = (size_t)s.st_size;
    close(fd);
    return good;
}
