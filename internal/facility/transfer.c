/* transfer.c - bring files here, whole or not at all. */
#include "facility/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LISTING_MOST = 64 << 20,
    CHECKSUM_SECONDS = 1800
}; /* the first checksum of a large file is computed while we wait */
static const uint64_t usual_piece = 64u << 20;

/* ---- the command ---- */

static bool by_command(struct transfer_file *f, struct error *err)
{
    struct str line = {0};
    struct child_answer answer = {0};
    struct stat s;
    const struct shell_field fields[] = {{"source", f->url, false},
                                         {"target", f->part, false},
                                         {"name", f->name, false},
                                         {"folder", f->t->to, false}};
    bool good = shell_fill(&line, "transfer.command", f->t->command, fields, 4, err);
    unlink(f->part);
    if (good)
        good = child_run(
            &(struct child){.argv = (const char *const[]){"/bin/sh", "-c", line.text, NULL}, .limit = 65536},
            &answer, err);
    if (good && answer.exit_code != 0) {
        good = error_set(err, ERROR_IO, "transfer.command failed for %s (exit code %d)", f->name,
                         answer.exit_code);
        const char *said = answer.err.text ? answer.err.text : "";
        if (*said)
            error_detail(err, "%.*s", (int)strcspn(said, "\n"), said);
    } else if (good && (lstat(f->part, &s) != 0 || !S_ISREG(s.st_mode)))
        good = error_set(err, ERROR_MISSING, "transfer.command ended well but made no file for %s", f->name),
        error_hint(err, "it has to write <target>");
    child_answer_free(&answer);
    str_free(&line);
    return good;
}

/* ---- the server ---- */

static bool is_http(const char *url)
{
    return str_starts(url, "http://") || str_starts(url, "https://");
}

/* HEAD: size and checksum. The algorithm is read from the answer: XRootD answers another than it was asked for. */
static bool ask_remote(const struct transfer_file *f, struct transfer_remote *out, struct error *err)
{
    const struct transfer *t = f->t;
    struct net *n = net_open(&(struct net_options){t->ca_file, 0, CHECKSUM_SECONDS, CHECKSUM_SECONDS}, err);
    struct net_answer a = {0};
    uint8_t sum[64];
    size_t size = 0;
    bool good = false;
    int tries = t->tries > 0 ? t->tries : 5;
    *out = (struct transfer_remote){0};
    for (int k = 1; n && !good && k <= tries; k++) {
        good = net_fetch(n,
                         &(struct net_request){.method = "HEAD",
                                               .url = f->url,
                                               .headers = (const char *const[]){"Want-Digest: adler32", NULL},
                                               .auth = &t->auth,
                                               .trust = t->trust,
                                               .redirects = 3},
                         &a, err);
        if (!good && a.class != NET_AGAIN)
            break;
        if (!good && k < tries) {
            double wait = net_backoff(t->first_wait > 0 ? t->first_wait : 1, 60, (unsigned)k,
                                      (uint64_t)clock_now() * 0x9e3779b97f4a7c15u);
            usleep((useconds_t)(wait * 1e6));
        }
    }
    if (good && a.size < 0)
        good = error_set(err, ERROR_UNSUPPORTED, "the server does not tell the size of %s", f->name);
    if (good) {
        static const char *const known[] = {"adler32", "crc32c"};
        out->size = (uint64_t)a.size;
        out->modified_ns = a.modified_ns;
        snprintf(out->etag, sizeof out->etag, "%s", a.etag);
        for (size_t i = 0; i < 2 && !out->algorithm[0]; i++)
            if (net_digest(a.digest, known[i], sum, &size) && size == 4) {
                snprintf(out->algorithm, sizeof out->algorithm, "%s", known[i]);
                out->sum = (uint32_t)sum[0] << 24 | (uint32_t)sum[1] << 16 | (uint32_t)sum[2] << 8 | sum[3];
            }
    }
    net_answer_free(&a);
    net_close(n);
    return good;
}

static bool list(const struct transfer *t, struct arena *a, const char *const **names, size_t *n_names,
                 struct error *err)
{
    struct net *n = net_open(&(struct net_options){.ca_file = t->ca_file}, err);
    struct net_answer answer = {0};
    struct transfer_entry *entries = NULL;
    size_t count = 0;
    char *url = arena_printf(a, "%s/", t->from);
    bool good = n &&
                net_fetch(n,
                          &(struct net_request){.method = "PROPFIND",
                                                .url = url,
                                                .headers = (const char *const[]){"Depth: 1", NULL},
                                                .auth = &t->auth,
                                                .trust = t->trust,
                                                .redirects = 3,
                                                .limit = LISTING_MOST},
                          &answer, err) &&
                transfer_listing(answer.body.text, answer.body.len, a, &entries, &count, err);
    const char **list = arena_array(a, count + 1, sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = entries[i].name;
    *names = list;
    *n_names = count;
    net_answer_free(&answer);
    net_close(n);
    return good;
}

/* ---- one file ---- */

static bool same_remote(const struct transfer_remote *a, const struct transfer_remote *b)
{
    return a->size == b->size && a->sum == b->sum && a->modified_ns == b->modified_ns &&
           strcmp(a->algorithm, b->algorithm) == 0 && strcmp(a->etag, b->etag) == 0;
}

/* The line that says of which file the pieces are. */
static void headline(const struct transfer_file *f, char out[512])
{
    const struct transfer_remote *r = &f->remote;
    snprintf(out, 512, "xfelx-part 1 %llu %llu %s %08x %lld %s\n", (unsigned long long)r->size,
             (unsigned long long)f->piece, r->algorithm[0] ? r->algorithm : "-", r->sum,
             (long long)r->modified_ns, r->etag);
}

/* Take up what an earlier try left, when it was of the same file; else begin. */
static bool take_up(struct transfer_file *f, struct transfer_report *report, struct error *err)
{
    char head[512], line[520];
    headline(f, head);
    f->fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    FILE *notes = fdopen(dup(f->fd_state), "r");
    struct stat s;
    bool same = f->fd >= 0 && fstat(f->fd, &s) == 0 && (uint64_t)s.st_size == f->remote.size && notes &&
                fgets(line, sizeof line, notes) && strcmp(line, head) == 0;
    for (char *end; same && fgets(line, sizeof line, notes);) {
        unsigned long long i = strtoull(line, &end, 10);
        if (end == line || *end != '\n' || i >= f->n_pieces || f->have[i])
            continue;
        f->have[i] = true;
        f->n_left--;
        report->resumed += i + 1 < f->n_pieces ? f->piece : f->remote.size - i * f->piece;
    }
    if (notes)
        fclose(notes);
    if (f->fd < 0)
        return error_system(err, ERROR_IO, "cannot make %s", f->part);
    if (!same &&
        (ftruncate(f->fd, 0) != 0 || ftruncate(f->fd_state, 0) != 0 || dprintf(f->fd_state, "%s", head) < 0))
        return error_system(err, ERROR_IO, "cannot write %s", f->state);
    int code = f->remote.size ? posix_fallocate(f->fd, 0, (off_t)f->remote.size) : 0;
    if (code == EOPNOTSUPP || code == EINVAL)
        code = ftruncate(f->fd, (off_t)f->remote.size) == 0 ? 0 : errno;
    errno = code;
    return code == 0 || error_system(err, code == ENOSPC || code == EDQUOT ? ERROR_NO_SPACE : ERROR_IO,
                                     "no room for %s", f->path);
}

/* The checksum of what lies on disk: also of pieces that another process brought. */
static bool check_sum(const struct transfer_file *f, struct error *err)
{
    static const size_t room = 1 << 20;
    uint8_t *buffer = malloc(room);
    bool adler = strcmp(f->remote.algorithm, "adler32") == 0, good = buffer != NULL;
    uint32_t sum = adler ? 1 : 0;
    for (uint64_t at = 0; good && f->remote.algorithm[0] && at < f->remote.size;) {
        size_t n = f->remote.size - at < room ? (size_t)(f->remote.size - at) : room;
        good = fs_pread(f->fd, buffer, n, at, f->part, err);
        if (good)
            sum = adler ? hash_adler32(sum, buffer, n) : crc32c(sum, buffer, n);
        at += n;
    }
    free(buffer);
    if (good && f->remote.algorithm[0] && sum != f->remote.sum)
        return error_set(err, ERROR_DAMAGED, "%s has another checksum than the server says", f->name),
               error_detail(err, "%s %08x, wanted %08x", f->remote.algorithm, sum, f->remote.sum);
    return good;
}

static void forget(struct transfer_file *f)
{
    unlink(f->part);
    unlink(f->state);
}

/* Give it its name. Never over a file that came meanwhile. */
static bool finish(struct transfer_file *f, struct error *err)
{
    if (f->fd >= 0 && fsync(f->fd) != 0)
        return error_system(err, ERROR_IO, "cannot write %s", f->part);
    int code = link(f->part, f->path) == 0 ? 0 : errno;
    if ((code == EPERM || code == EOPNOTSUPP || code == ENOSYS || code == EMLINK) &&
        access(f->path, F_OK) != 0)
        code = rename(f->part, f->path) == 0 ? 0 : errno; /* a file system without links */
    errno = code;
    if (code)
        return error_system(err, ERROR_IO, "cannot make %s", f->path);
    int folder = open(f->t->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0)
        fsync(folder), close(folder);
    forget(f);
    return true;
}

/* One try; *again: what was left of an earlier one is wrong, a second try from the start may be right. */
static bool bring(struct transfer_file *f, struct transfer_report *report, bool *again, struct error *err)
{
    struct transfer_remote after;
    struct stat s;
    bool http = is_http(f->url), there = lstat(f->path, &s) == 0;
    *again = false;
    if (http && !ask_remote(f, &f->remote, err))
        return false;
    if (there && (!http || (S_ISREG(s.st_mode) && (uint64_t)s.st_size == f->remote.size)))
        return report->n_there++, forget(f), true;
    if (there)
        return error_set(err, ERROR_CHANGED, "%s is there with %s, the facility's has %llu", f->path,
                         COUNT(s.st_size, "byte"), (unsigned long long)f->remote.size),
               error_hint(err, "remove it to have it brought again");
    f->n_pieces = f->n_left = (size_t)((f->remote.size + f->piece - 1) / f->piece);
    f->have = calloc(f->n_pieces + 1, 1);
    uint64_t resumed = report->resumed;
    bool good = f->have != NULL;
    if (f->t->command) {
        good = good && by_command(f, err) && (f->fd = open(f->part, O_RDWR | O_CLOEXEC | O_NOFOLLOW)) >= 0;
        if (good && http && (fstat(f->fd, &s) != 0 || (uint64_t)s.st_size != f->remote.size))
            good = error_set(err, ERROR_TRUNCATED, "transfer.command brought %lld of %s of %s",
                             (long long)s.st_size, COUNT(f->remote.size, "byte"), f->name);
    } else
        good = good && take_up(f, report, err) && transfer_pieces(f, &report->bytes, err);
    free(f->have);
    f->have = NULL;
    if (good && http) {
        good = ask_remote(f, &after, err);
        if (good && !same_remote(&f->remote, &after)) {
            forget(f);
            return error_set(err, ERROR_CHANGED, "%s changed while it was brought", f->name),
                   error_hint(err, "it is still being written; it will be brought when it is whole");
        }
        if (good && !check_sum(f, err)) {
            forget(f);
            *again = resumed != report->resumed;
            return false;
        }
    }
    if (!good && f->t->command)
        unlink(f->part);
    if (!good || !finish(f, err))
        return false;
    report->n_done++;
    return true;
}

/* The note of pieces is also the lock. One that was finished and removed while we waited is not the one we hold. */
static bool lock(struct transfer_file *f, struct error *err)
{
    for (int i = 0; i < 100; i++) {
        struct stat held, named;
        f->fd_state = open(f->state, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (f->fd_state < 0)
            return error_system(err, ERROR_IO, "cannot make %s", f->state);
        if (flock(f->fd_state, LOCK_EX | LOCK_NB) != 0)
            return error_set(err, ERROR_BUSY, "%s is being brought by another process", f->name);
        if (fstat(f->fd_state, &held) == 0 && stat(f->state, &named) == 0 && held.st_ino == named.st_ino)
            return true;
        close(f->fd_state);
        f->fd_state = -1;
    }
    return error_set(err, ERROR_BUSY, "%s is being brought by another process", f->name);
}

static bool one_file(const struct transfer *t, const char *name, struct transfer_report *report,
                     struct error *err)
{
    struct arena a = {0};
    struct str url = {0};
    uint8_t hash[32];
    char hex[65];
    if (!transfer_name_is_safe(name))
        return error_set(err, ERROR_USAGE, "a file cannot have the name '%s' here", name);
    sha256(name, strlen(name), hash); /* names may be as long as names can be: no room for an ending */
    if (is_http(t->from))
        net_url(&url, t->from, name);
    else
        str_printf(&url, "%s/%s", t->from, name);
    struct transfer_file f = {.t = t, .name = name, .url = url.text, .fd = -1, .fd_state = -1};
    f.piece = t->piece ? t->piece : usual_piece;
    f.path = fs_join(&a, t->to, name);
    f.part = arena_printf(&a, "%s/" TRANSFER_PART "%.16s", t->to, hash_hex(hash, 32, hex));
    f.state = arena_printf(&a, "%s.state", f.part);
    bool again = false, good = lock(&f, err) && bring(&f, report, &again, err);
    if (f.fd >= 0)
        close(f.fd);
    if (f.fd_state >= 0)
        close(f.fd_state);
    if (again) {
        f.fd = f.fd_state = -1;
        good = lock(&f, err) && bring(&f, report, &again, err);
        if (f.fd >= 0)
            close(f.fd);
        if (f.fd_state >= 0)
            close(f.fd_state);
    }
    str_free(&url);
    arena_free(&a);
    return good;
}

bool transfer_fetch(const struct transfer *t, struct transfer_report *report, struct error *err)
{
    struct arena a = {0};
    const char *const *names = t->names;
    size_t n = t->n_names, n_failed = 0;
    struct error first = {0};
    *report = (struct transfer_report){0};
    bool good = fs_make_folders(t->to, err);
    if (good && !names)
        good = is_http(t->from)
                   ? list(t, &a, &names, &n, err)
                   : error_set(err, ERROR_USAGE, "%s cannot be listed: the names of the files are needed",
                               t->from);
    report->n_files = good ? n : 0;
    for (size_t i = 0; good && i < n; i++) {
        struct error one = {0};
        if (!one_file(t, names[i], report, &one) && n_failed++ == 0)
            first = one;
    }
    if (n_failed > 0 && err)
        *err = first;
    arena_free(&a);
    return good && n_failed == 0;
}
