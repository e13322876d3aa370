/* upload.c - see upload.h. What is half there is called .part-RANDOM; `calib add` sweeps what a server that was killed left behind. */
#include "web/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct upload {
    struct arena arena;
    char *folder, *part;
    int fd;
    int64_t size, come;
    struct sha256 sum;
};

static bool unseen(const char *folder, struct error *err)
{
    if (folder)
        error_system(err, ERROR_MISSING, "files cannot be handed over here: %s cannot be written", folder);
    else
        error_set(err, ERROR_MISSING,
                  "files cannot be handed over here: this server does not know the results' folder");
    return error_hint(err, "xfelx calib add KIND LABEL FILE on a machine that has the results' folder");
}

/* The folder, of results that are there: another host may not see them, and a folder of their name on its own disk would help nobody. */
static bool make_folder(struct upload *u, struct error *err)
{
    char *results = u->folder;
    for (int i = 0; i < 3; i++) /* .xfelx/calib/incoming */
        results = fs_folder(&u->arena, results);
    if (!fs_is_folder(results))
        return errno = ENOENT, unseen(results, err);
    return fs_make_folders(u->folder, NULL) || unseen(u->folder, err);
}

/* Bytes of the files that wait. */
static int64_t held(const char *folder)
{
    struct arena a = {0};
    char **names;
    size_t n = 0;
    int64_t all = 0, size, modified;
    if (fs_list(folder, &a, &names, &n, NULL))
        for (size_t i = 0; i < n; i++)
            all += fs_size(fs_join(&a, folder, names[i]), &size, &modified) ? size : 0;
    arena_free(&a);
    return all;
}

static bool open_part(struct upload *u, struct error *err)
{
    uint8_t random[16];
    char hex[33];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return error_system(err, ERROR_FAILED, "no random numbers");
    u->part = fs_join(&u->arena, u->folder, arena_printf(&u->arena, ".part-%s", hash_hex(random, 16, hex)));
    u->fd = open(u->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    return u->fd >= 0 || unseen(u->folder, err);
}

bool upload_begin(const char *folder, int64_t size, struct upload **out, struct error *err)
{
    struct upload *u = calloc(1, sizeof *u);
    *out = NULL;
    if (!u)
        return error_set(err, ERROR_MEMORY, "no memory for an upload");
    u->fd = -1;
    u->size = size;
    sha256_start(&u->sum);
    bool ok = folder || unseen(NULL, err);
    u->folder = ok ? arena_strdup(&u->arena, folder) : NULL;
    ok = ok && make_folder(u, err);
    if (ok && held(folder) + size > UPLOADS_HELD_MOST)
        ok = error_set(err, ERROR_NO_SPACE, "too much was handed over that nobody has taken yet"),
        error_hint(err, "is `xfelx watch` running? it takes what pages ask for");
    ok = ok && open_part(u, err);
    if (ok)
        *out = u;
    else
        upload_drop(u);
    return ok;
}

bool upload_add(struct upload *u, const void *data, size_t n, struct error *err)
{
    if ((int64_t)n > u->size - u->come)
        return error_set(err, ERROR_DAMAGED, "more came than was announced");
    if (!fs_pwrite(u->fd, data, n, (uint64_t)u->come, u->part, err))
        return false;
    sha256_add(&u->sum, data, n);
    u->come += (int64_t)n;
    return true;
}

bool upload_end(struct upload *u, char name[65], struct error *err)
{
    uint8_t hash[32];
    bool ok =
        (u->size > 0 && u->come == u->size) ||
        error_set(err, ERROR_TRUNCATED, "%s of %s came", COUNT(u->come, "byte"), COUNT(u->size, "byte"));
    sha256_end(&u->sum, hash);
    hash_hex(hash, 32, name);
    if (ok && fsync(u->fd) != 0)
        ok = error_system(err, ERROR_IO, "what was handed over cannot be kept in %s", u->folder);
    if (ok && rename(u->part, fs_join(&u->arena, u->folder, name)) != 0)
        ok = error_system(err, ERROR_IO, "what was handed over cannot be kept in %s", u->folder);
    else if (ok)
        u->part = NULL; /* it has its name */
    upload_drop(u);
    return ok;
}

void upload_drop(struct upload *u)
{
    if (!u)
        return;
    if (u->fd >= 0) {
        close(u->fd);
        if (u->part)
            unlink(u->part);
    }
    arena_free(&u->arena);
    free(u);
}
