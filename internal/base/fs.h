/* fs.h - files: whole reads, atomic writes, folders, names. */
#ifndef XFELX_BASE_FS_H
#define XFELX_BASE_FS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

/* A file's bytes in memory that the caller owns and may use again for the next file; {0} is empty. */
struct bytes {
    uint8_t *data;
    size_t size, room;
};

/* Make room for n bytes (contents not kept, size set to 0); false only when n is absurd (> 2^40) or memory is out. */
bool bytes_reserve(struct bytes *b, size_t n, struct error *err);
void bytes_free(struct bytes *b);

/* Read a whole regular file of at most limit bytes. Fails with ERROR_UNREADABLE (not there, no permission, a folder, a
 * device), ERROR_IO, ERROR_CHANGED (it shrank meanwhile), ERROR_UNSUPPORTED (larger than limit). An empty file is
 * success with size 0. */
bool fs_read(const char *path, size_t limit, struct bytes *out, struct error *err);

/* The last bytes of a regular file that may be growing, at most `most`. *size: how long it is, so that *size > out->size says that there
 * is more before. Errors as fs_read, but for its limit. */
bool fs_tail(const char *path, size_t most, struct bytes *out, uint64_t *size, struct error *err);

/* Read exactly n bytes at offset of an open file; ERROR_TRUNCATED when the file ends before, ERROR_IO. */
bool fs_pread(int fd, void *out, size_t n, uint64_t offset, const char *path, struct error *err);

/* Write a file so that it is either whole or not there: temporary name in the same folder, fsync, rename. A link
 * stays a link to the new file. Devices and pipes are written through, never replaced. */
bool fs_write_atomic(const char *path, const void *data, size_t n, struct error *err);

/* The same for what is written piece by piece: write(arg, fd) does so, anywhere in the file. */
bool fs_write_atomic_by(const char *path, bool (*write)(void *arg, int fd, struct error *err), void *arg,
                        struct error *err);

/* Write n bytes at an offset of an open file. ERROR_NO_SPACE, ERROR_IO. */
bool fs_pwrite(int fd, const void *data, size_t n, uint64_t offset, const char *path, struct error *err);

/* Temporary files that a process left beside path when it died in mid-write. Only who alone writes it may. */
void fs_drop_torn(const char *path);

bool fs_make_folders(const char *path, struct error *err); /* like mkdir -p; existing folders are fine */
bool fs_is_folder(const char *path);
bool fs_is_file(const char *path);

/* Size and time of change of a regular file; false, and nothing is set, when there is none. */
bool fs_size(const char *path, int64_t *size, int64_t *modified_ns);

/* Names sorted bytewise. pattern: glob(3) without the home sign. Folder: names of the regular files in it (not
 * recursive, hidden files left out), as "folder/name". Not found: *n = 0 and true. */
bool fs_glob(const char *pattern, struct arena *a, char ***names, size_t *n, struct error *err);
char *fs_quoted(struct arena *a,
                const char *name); /* a name inside a pattern, where some characters mean something */
bool fs_list(const char *folder, struct arena *a, char ***names, size_t *n, struct error *err);

/* Parts of a path, in the arena: absolute form (no links followed), folder, name, stem (name without .gz/.bz2/.xz and
 * then without its last extension). fs_join gives a when b is empty and b when b is absolute. */
char *fs_absolute(struct arena *a, const char *path);
char *fs_folder(struct arena *a, const char *path);
const char *fs_name(const char *path);
char *fs_stem(struct arena *a, const char *path);
char *fs_join(struct arena *arena, const char *a, const char *b);

/* "FILE:/PATH/IN/IT", a dataset of a file: the file's path, and *inside its part from the slash on. NULL: it names a whole file (as one
 * that is there under the whole name does). */
char *fs_file_of(struct arena *a, const char *path, const char **inside);

#endif
