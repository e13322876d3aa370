/* files.c - see files.h. Names tell the content, so that whoever finds a file there need not look into it, and an upgrade of the
 * program or an edit of parameters never changes running work. */
#include "cycle/files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROGRAM_MAX = 1 << 30, RECORD_MAX = 1 << 20, SHORT_HASH = 8 };

char *job_file(struct arena *a, const char *out, int64_t attempt, const char *ending)
{
    return arena_printf(a, "%s/.xfelx/jobs/%lld%s", out, (long long)attempt, ending);
}

bool job_record(const char *out, int64_t attempt, bool end, struct batch_record *r)
{
    struct arena a = {0};
    struct bytes b = {0};
    struct error err = {0};
    const char *path = job_file(&a, out, attempt, end ? ".end" : ".begin");
    bool there = fs_is_file(path), good = there && fs_read(path, RECORD_MAX, &b, &err) &&
                                          batch_read_record((const char *)b.data, b.size, end, r, &err);
    if (good && r->attempt != attempt)
        good = error_set(&err, ERROR_DAMAGED, "it is of attempt %lld", (long long)r->attempt);
    if (there && !good)
        log_warn("%s: %s", path, err.fact);
    bytes_free(&b);
    arena_free(&a);
    return good;
}

void job_forget_records(const char *out, int64_t attempt)
{
    struct arena a = {0};
    unlink(job_file(&a, out, attempt, ".begin"));
    unlink(job_file(&a, out, attempt, ".end"));
    arena_free(&a);
}

/* A file whose name tells its content. */
static bool pin(const char *path, const void *data, size_t n, mode_t mode, struct error *err)
{
    struct arena a = {0};
    int64_t size = 0, modified = 0;
    bool there = fs_size(path, &size, &modified) && (uint64_t)size == n;
    bool good = there || (fs_make_folders(fs_folder(&a, path), err) && fs_write_atomic(path, data, n, err));
    /* again also when it is there: whoever wrote it may have died before this; somebody else's need not be ours to change */
    if (good && chmod(path, mode) != 0 && access(path, mode & S_IXUSR ? X_OK : R_OK) != 0)
        good = error_system(err, ERROR_FAILED, "cannot make %s a program", path);
    arena_free(&a);
    return good;
}

bool pin_program(struct arena *a, const char *out, const char *program, const char **path, uint8_t hash[32],
                 struct error *err)
{
    struct bytes b = {0};
    char hex[2 * SHORT_HASH + 1];
    bool good = fs_read(program, PROGRAM_MAX, &b, err);
    if (good) {
        sha256(b.data, b.size, hash);
        *path = arena_printf(a, "%s/.xfelx/bin/xfelx-%s", out, hash_hex(hash, SHORT_HASH, hex));
        good = pin(*path, b.data, b.size, 0755, err);
    }
    bytes_free(&b);
    return good;
}

bool pin_text(struct arena *a, const char *out, const char *text, const char **path, struct error *err)
{
    uint8_t hash[32];
    char hex[2 * SHORT_HASH + 1];
    sha256(text, strlen(text), hash);
    *path = arena_printf(a, "%s/.xfelx/phil/%s.phil", out, hash_hex(hash, SHORT_HASH, hex));
    return pin(*path, text, strlen(text), 0644, err);
}
