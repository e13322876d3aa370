/* local_queue.c - see local_queue.h. */
#include "batch/local_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { FILE_LIMIT = 4 << 20 };
static const int64_t kept = INT64_C(7) * 86400 * 1000000000; /* ended jobs are told so long */
static const char mark[] = "xfelx-job 1";

/* ---- a job's file: "key=value" with a NUL behind each, since paths may hold anything else ---- */

static void put(struct str *s, const char *key, const char *value)
{
    str_printf(s, "%s=%s", key, value);
    str_addn(s, "", 1);
}

static void put_number(struct str *s, const char *key, int64_t value)
{
    str_printf(s, "%s=%lld", key, (long long)value);
    str_addn(s, "", 1);
}

/* Numbers of a job by the names of their keys. */
static const struct {
    const char *key;
    size_t at;
} numbers[] = {
    {"cores", offsetof(struct local_job, cores)},       {"memory_mb", offsetof(struct local_job, memory_mb)},
    {"submit_t", offsetof(struct local_job, submit_t)}, {"start_t", offsetof(struct local_job, start_t)},
    {"cancel_t", offsetof(struct local_job, cancel_t)}, {"end_t", offsetof(struct local_job, end_t)},
};
static const struct {
    const char *key;
    size_t at;
} texts[] = {
    {"script", offsetof(struct local_job, script)}, {"output", offsetof(struct local_job, output)},
    {"name", offsetof(struct local_job, name)},     {"keeper", offsetof(struct local_job, keeper)},
    {"child", offsetof(struct local_job, child)},
};

bool local_write(struct local_queue *q, const struct local_job *j, struct error *err)
{
    struct str s = {0};
    str_addn(&s, mark, sizeof mark);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t value;
        memcpy(&value, (const char *)j + numbers[i].at, sizeof value);
        put_number(&s, numbers[i].key, value);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *value;
        memcpy(&value, (const char *)j + texts[i].at, sizeof value);
        put(&s, texts[i].key, value ? value : "");
    }
    put_number(&s, "end", j->end);
    put_number(&s, "exit_code", j->exit_code);
    put_number(&s, "exit_signal", j->exit_signal);
    for (const char *const *e = j->environment; e && *e; e++)
        put(&s, "env", *e);
    char *path = arena_printf(&q->arena, "%s/%lld.job", q->folder, (long long)j->number);
    bool good = fs_write_atomic(path, s.text, s.len, err);
    str_free(&s);
    return good;
}

/* One "key=value" into the job. */
static void take(struct arena *a, struct local_job *j, const char *line, size_t *n_env)
{
    const char *value = strchr(line, '=');
    size_t n = value ? (size_t)(value++ - line) : 0;
    int64_t number = 0;
    if (!value)
        return;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strlen(texts[i].key) == n && !memcmp(texts[i].key, line, n))
            memcpy((char *)j + texts[i].at, &value, sizeof value);
    bool is_number = str_to_i64(value, &number);
    for (size_t i = 0; is_number && i < sizeof numbers / sizeof *numbers; i++)
        if (strlen(numbers[i].key) == n && !memcmp(numbers[i].key, line, n))
            memcpy((char *)j + numbers[i].at, &number, sizeof number);
    if (str_starts(line, "end="))
        j->end = number > 0 && number < END_KIND_END ? (enum end_kind)number : END_NONE;
    else if (str_starts(line, "exit_code="))
        j->exit_code = (int)number;
    else if (str_starts(line, "exit_signal="))
        j->exit_signal = (int)number;
    else if (str_starts(line, "env=")) {
        const char **all = (const char **)(uintptr_t)j->environment;
        all = arena_grow(a, all, *n_env, sizeof *all);
        all[(*n_env)++] = value;
        j->environment = all;
    }
}

static bool read_job(struct local_queue *q, const char *path, struct local_job *j)
{
    struct bytes b = {0};
    size_t n_env = 0;
    *j = (struct local_job){.script = "", .output = "", .name = "", .keeper = "", .child = ""};
    bool good = fs_read(path, FILE_LIMIT, &b, NULL) && b.size > sizeof mark && b.data[b.size - 1] == 0 &&
                !memcmp(b.data, mark, sizeof mark);
    if (good) {
        const char *copy = memcpy(arena_alloc(&q->arena, b.size), b.data, b.size);
        for (const char *at = copy + sizeof mark; at < copy + b.size; at += strlen(at) + 1)
            take(&q->arena, j, at, &n_env);
        const char **all = (const char **)(uintptr_t)j->environment;
        all = arena_grow(&q->arena, all, n_env, sizeof *all);
        all[n_env] = NULL;
        j->environment = all;
    }
    bytes_free(&b);
    return good;
}

/* ---- the folder ---- */

/* $XFELX_TMP or /tmp, a folder that is ours alone: another user could give us scripts through it. */
static bool find_folder(struct local_queue *q, struct error *err)
{
    const char *base = getenv("XFELX_TMP");
    struct stat s;
    base = base && *base ? base : "/tmp";
    snprintf(q->folder, sizeof q->folder, "%.400s/xfelx-%ld", base, (long)getuid());
    if (mkdir(q->folder, 0700) != 0 && errno != EEXIST)
        return error_system(err, ERROR_FAILED, "cannot make %s for the queue of this machine", q->folder);
    if (lstat(q->folder, &s) != 0 || !S_ISDIR(s.st_mode) || s.st_uid != getuid() || (s.st_mode & 077)) {
        error_set(err, ERROR_FAILED, "%s is not a folder of yours alone", q->folder);
        return error_hint(err, "remove it, or name another place by XFELX_TMP");
    }
    snprintf(q->folder + strlen(q->folder), sizeof q->folder - strlen(q->folder), "/queue");
    return mkdir(q->folder, 0700) == 0 || errno == EEXIST ||
           error_system(err, ERROR_FAILED, "cannot make %s", q->folder);
}

static bool take_lock(struct local_queue *q, struct error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = arena_printf(&q->arena, "%s/lock", q->folder);
    q->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    while (q->lock >= 0 && fcntl(q->lock, F_OFD_SETLKW, &lock) != 0)
        if (errno != EINTR) {
            close(q->lock);
            q->lock = -1;
        }
    return q->lock >= 0 || error_system(err, ERROR_FAILED, "cannot lock %s", path);
}

/* The queue's own name: the content of "id", made once under the lock. */
static bool take_id(struct local_queue *q, struct error *err)
{
    char *path = arena_printf(&q->arena, "%s/id", q->folder);
    struct bytes b = {0};
    if (fs_read(path, 64, &b, NULL) && b.size == 8) {
        memcpy(q->id, b.data, 8);
        bytes_free(&b);
        return true;
    }
    bytes_free(&b);
    uint8_t hash[32];
    char seed[OWNER + 32], hex[65], owner[OWNER];
    snprintf(seed, sizeof seed, "%lld %s", (long long)clock_now(), owner_of(getpid(), owner));
    sha256(seed, strlen(seed), hash);
    hash_hex(hash, 4, hex);
    memcpy(q->id, hex, 9);
    return fs_write_atomic(path, q->id, 8, err);
}

static int by_number(const void *x, const void *y)
{
    const struct local_job *a = x, *b = y;
    return (a->number > b->number) - (a->number < b->number);
}

bool local_runs(const struct local_job *j)
{
    return *j->keeper && j->end == END_NONE;
}

static bool is_gone(const char *owner)
{
    return owner_is_dead(owner) || owner_is_of_earlier_start(owner);
}

/* Its keeper and its script are gone, and nobody wrote down how: the machine was started again, or they were killed. */
static void mark_gone(struct local_queue *q, struct local_job *j)
{
    bool script = *j->child && !is_gone(j->child);
    if (!local_runs(j) || !is_gone(j->keeper) || script)
        return;
    j->end = j->cancel_t ? END_CANCELLED : END_NODE;
    j->end_t = clock_now();
    j->exit_code = -1;
    local_write(q, j, NULL);
}

static bool read_all(struct local_queue *q, struct error *err)
{
    char **names;
    size_t n;
    int64_t now = clock_now();
    if (!fs_list(q->folder, &q->arena, &names, &n, err))
        return false;
    q->jobs = arena_array(&q->arena, n + 1, sizeof *q->jobs);
    for (size_t i = 0; i < n; i++) {
        struct local_job *j = &q->jobs[q->n];
        char *stem = str_ends(names[i], ".job") ? fs_stem(&q->arena, names[i]) : NULL;
        int64_t number;
        if (!stem || !str_to_i64(stem, &number) || !read_job(q, names[i], j))
            continue;
        j->number = number;
        if (j->end != END_NONE && now - j->end_t > kept) {
            unlink(names[i]);
            continue;
        }
        mark_gone(q, j);
        q->n++;
    }
    qsort(q->jobs, q->n, sizeof *q->jobs, by_number);
    return true;
}

bool local_open(struct local_queue *q, struct error *err)
{
    *q = (struct local_queue){.lock = -1};
    if (find_folder(q, err) && take_lock(q, err) && take_id(q, err) && read_all(q, err))
        return true;
    local_close(q);
    return false;
}

void local_close(struct local_queue *q)
{
    if (q->lock >= 0)
        close(q->lock);
    q->lock = -1;
    arena_free(&q->arena);
    q->jobs = NULL;
    q->n = 0;
}

int64_t local_new_number(struct local_queue *q)
{
    char *path = arena_printf(&q->arena, "%s/last", q->folder);
    struct bytes b = {0};
    int64_t last = 0;
    if (fs_read(path, 32, &b, NULL) && b.size)
        str_to_i64(arena_strndup(&q->arena, (const char *)b.data, b.size), &last);
    bytes_free(&b);
    if (q->n && q->jobs[q->n - 1].number > last)
        last = q->jobs[q->n - 1].number;
    char *text = arena_printf(&q->arena, "%lld", (long long)++last);
    return fs_write_atomic(path, text, strlen(text), NULL) ? last : 0;
}

/* ---- what fits ---- */

struct local_machine local_machine(void)
{
    struct sysinfo s;
    bool known = sysinfo(&s) == 0;
    return (struct local_machine){proc_cpus(),
                                  known ? (int64_t)((uint64_t)s.totalram * s.mem_unit >> 20) : INT64_MAX};
}

struct local_job *local_next(const struct local_queue *q, struct local_machine m)
{
    struct local_machine used = {0};
    struct local_job *first = NULL;
    bool any = false;
    for (size_t i = 0; i < q->n; i++) {
        struct local_job *j = &q->jobs[i];
        if (local_runs(j)) {
            any = true;
            used.cores += j->cores;
            used.memory_mb += j->memory_mb;
        } else if (!first && j->end == END_NONE)
            first = j;
    }
    bool fits =
        first && used.cores + first->cores <= m.cores && used.memory_mb + first->memory_mb <= m.memory_mb;
    return fits || (first && !any) ? first : NULL;
}

/* ---- keepers ---- */

/* The next job that fits, marked as ours. more: another one would fit beside it. */
static bool take_next(struct local_queue *q, struct local_job **j, bool *more)
{
    char owner[OWNER];
    if (!local_open(q, NULL))
        return false;
    struct local_machine m = local_machine();
    *j = local_next(q, m);
    if (!*j)
        return local_close(q), false;
    (*j)->keeper = arena_strdup(&q->arena, owner_of(getpid(), owner));
    (*j)->start_t = clock_now();
    *more = local_next(q, m) != NULL;
    if (local_write(q, *j, NULL))
        return true;
    local_close(q);
    return false;
}

/* Write down how a job ended, beside whatever stands in its file by now. */
static void note(int64_t number, enum end_kind end, int code, int signal)
{
    struct local_queue q;
    if (!local_open(&q, NULL))
        return;
    for (size_t i = 0; i < q.n; i++) {
        struct local_job *j = &q.jobs[i];
        if (j->number != number || j->end != END_NONE)
            continue;
        j->end = end != END_OK && j->cancel_t ? END_CANCELLED : end;
        j->end_t = clock_now();
        j->exit_code = code;
        j->exit_signal = signal;
        local_write(&q, j, NULL);
    }
    local_close(&q);
}

static enum end_kind end_of(int code, int signal)
{
    return signal ? END_SIGNAL : code == 0 ? END_OK : code == 75 ? END_UNFINISHED : END_EXIT;
}

static void run(struct local_queue *q, struct local_job *j)
{
    const char *const argv[] = {"/bin/sh", j->script, NULL};
    char child[OWNER];
    pid_t pid;
    int signal = 0, code;
    int64_t number = j->number;
    bool started = proc_start(argv, fs_folder(&q->arena, j->script), j->output, j->environment, &pid, NULL);
    if (started)
        j->child = arena_strdup(&q->arena, owner_of(pid, child));
    local_write(q, j, NULL);
    local_close(q); /* the lock is held until the file names the script */
    if (!started) {
        note(number, END_LAUNCH, -1, 0);
        return;
    }
    code = proc_wait(pid, &signal);
    if (!signal && code > 128 && code < 193) /* a shell says so that a signal ended its command */
        signal = code - 128;
    note(number, end_of(code, signal), code, signal);
}

static int keep(int fd, void *arg)
{
    struct local_queue q;
    struct local_job *j;
    bool more = false;
    (void)arg;
    if (write(fd, "", 1) != 1)
        return 1;
    close(fd);
    while (take_next(&q, &j, &more)) {
        if (more)
            proc_detach(keep, NULL, NULL);
        run(&q, j);
    }
    return 0;
}

bool local_move_on(struct error *err)
{
    struct local_queue q;
    if (!local_open(&q, err))
        return false;
    bool work = local_next(&q, local_machine()) != NULL;
    local_close(&q);
    return !work || proc_detach(keep, NULL, err);
}
