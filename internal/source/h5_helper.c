/* h5_helper.c - the metadata helper: a socket, a process that waits, a child a file.
 *
 * The HDF5 library has known memory errors on malformed files. It runs in a child with limits on memory, time and
 * writing, which ends after one file. The program checks every byte that comes back (h5_message.c). */
#include "source/h5_helper.h"

#include "source/h5_describe.h"
#include "source/source.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAGIC = 0x68356678, /* "xf5h" */
    VERSION = 1,
    HEAD = 16,
    PART = 64 * 1024 - HEAD,
    ANSWER_MOST = 256 << 20,
    SECONDS = 60,  /* for one file */
    PATIENCE = 75, /* seconds until the helper itself is given up */
};

enum kind { KIND_REQUEST = 1, KIND_PART = 2, KIND_FAULT = 3, KIND_END = 4 };
enum child_end { CHILD_DONE = 0, CHILD_EXIT = 1, CHILD_SIGNAL = 2, CHILD_TIME = 3 };

/* Address sanitizer maps terabytes: there the limit on memory must stay off. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const rlim_t MEMORY_MOST = RLIM_INFINITY;
#else
static const rlim_t MEMORY_MOST = (rlim_t)4 << 30;
#endif

/* ---- packets ---- */

struct packet {
    uint32_t kind, number;
    size_t n;
    uint8_t bytes[HEAD + PART];
};

static void put_le(uint8_t *p, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t take_le(const uint8_t *p, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)p[i] << (8 * i);
    return value;
}

static bool packet_send(int fd, enum kind kind, uint32_t number, const void *data, size_t n)
{
    static _Thread_local uint8_t bytes[HEAD + PART];
    put_le(bytes, MAGIC, 4);
    put_le(bytes + 4, (uint32_t)kind, 2);
    put_le(bytes + 6, VERSION, 2);
    put_le(bytes + 8, (uint32_t)n, 4);
    put_le(bytes + 12, number, 4);
    if (n > 0)
        memcpy(bytes + HEAD, data, n);
    ssize_t sent;
    do
        sent = send(fd, bytes, HEAD + n, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)(HEAD + n);
}

/* false: the other side is gone, or what came is none of ours. */
static bool packet_receive(int fd, struct packet *p)
{
    ssize_t got;
    do
        got = recv(fd, p->bytes, sizeof p->bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got < HEAD || take_le(p->bytes, 4) != MAGIC || take_le(p->bytes + 6, 2) != VERSION ||
        take_le(p->bytes + 8, 4) != (uint32_t)(got - HEAD))
        return false;
    p->kind = take_le(p->bytes + 4, 2);
    p->number = take_le(p->bytes + 12, 4);
    p->n = (size_t)got - HEAD;
    return true;
}

/* ---- the child ---- */

static void limit(int what, rlim_t value)
{
    struct rlimit r = {value, value};
    setrlimit(what, &r);
}

static void send_fault(int fd, uint32_t number, const struct error *err)
{
    uint8_t bytes[4 + sizeof err->fact + sizeof err->detail + sizeof err->hint];
    put_le(bytes, (uint32_t)err->code, 4);
    memcpy(bytes + 4, err->fact, sizeof err->fact);
    memcpy(bytes + 4 + sizeof err->fact, err->detail, sizeof err->detail);
    memcpy(bytes + 4 + sizeof err->fact + sizeof err->detail, err->hint, sizeof err->hint);
    packet_send(fd, KIND_FAULT, number, bytes, sizeof bytes);
}

/* A crash must end the child by its signal, whatever handlers the program has set. */
static void crash_plainly(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
}

static int child(int fd, const struct packet *p)
{
    crash_plainly();
    limit(RLIMIT_AS, MEMORY_MOST);
    limit(RLIMIT_CPU, SECONDS);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    H5dont_atexit();

    struct arena arena = {0};
    struct h5_request q;
    struct h5_description d;
    struct error err = {0};
    struct str out = {0};
    if (!h5_request_read(p->bytes + HEAD, p->n, &arena, &q, &err) || !h5_describe(&q, &arena, &d, &err)) {
        send_fault(fd, p->number, &err);
        return 0;
    }
    h5_description_write(&d, &out);
    for (size_t at = 0; at < out.len; at += PART) {
        size_t n = out.len - at < PART ? out.len - at : PART;
        if (!packet_send(fd, KIND_PART, p->number, out.text + at, n))
            return 1;
    }
    str_free(&out);
    arena_free(&arena);
    return 0;
}

/* ---- the helper ---- */

/* Wait for the child; kill it when its time is over. */
static void await(pid_t pid, uint32_t *end, uint32_t *value)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    int64_t deadline = clock_monotonic() + (int64_t)SECONDS * 1000000000;
    bool killed = false;
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        int64_t left = deadline - clock_monotonic();
        if (left <= 0) {
            kill(pid, SIGKILL);
            killed = true;
            waitpid(pid, &status, 0);
            break;
        }
        struct timespec t = {left / 1000000000, left % 1000000000};
        sigtimedwait(&set, NULL, &t);
    }
    *end = killed                     ? CHILD_TIME
           : WIFSIGNALED(status)      ? CHILD_SIGNAL
           : WEXITSTATUS(status) != 0 ? CHILD_EXIT
                                      : CHILD_DONE;
    *value = WIFSIGNALED(status) ? (uint32_t)WTERMSIG(status) : (uint32_t)WEXITSTATUS(status);
}

static int helper(int fd, void *arg)
{
    (void)arg;
    static struct packet p; /* this process has one thread */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    /* A fault handler of the program would try to save the program: here, and in the children, a crash has to end the process. */
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], SIG_DFL);
    signal(SIGINT, SIG_IGN); /* the program decides when it is over, and closes the socket */
    signal(SIGTERM, SIG_IGN);
    unsetenv("HDF5_EXT_PREFIX"); /* would lead links elsewhere */
    unsetenv("HDF5_VDS_PREFIX");
    unsetenv("HDF5_PLUGIN_PATH");

    pid_t parent = getpid();
    while (packet_receive(fd, &p)) {
        pid_t pid = fork();
        if (pid == 0) {
            /* Killed before prctl took effect, the helper would leave a child that nobody ends. */
            if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
                _exit(1);
            sigprocmask(SIG_UNBLOCK, &set, NULL);
            _exit(child(fd, &p));
        }
        uint32_t end = CHILD_EXIT, value = 0;
        if (pid > 0)
            await(pid, &end, &value);
        uint8_t bytes[8];
        put_le(bytes, end, 4);
        put_le(bytes + 4, value, 4);
        if (!packet_send(fd, KIND_END, p.number, bytes, sizeof bytes))
            break;
    }
    return 0;
}

/* ---- the program's side ---- */

/* The one process-wide handle of this room: source_open has no argument to carry it, and it must exist before threads
 * do. owner: a process forked later must not talk through its parent's socket. */
static struct {
    pthread_mutex_t lock;
    pid_t pid, owner;
    int fd;
    uint32_t number;
} the = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1};

bool source_helper_start(struct error *err)
{
    pthread_mutex_lock(&the.lock);
    bool ok = the.pid > 0 && the.owner == getpid();
    if (!ok) {
        ok = proc_fork_helper(helper, NULL, &the.pid, &the.fd, err);
        the.owner = getpid();
        the.pid = ok ? the.pid : 0;
    }
    pthread_mutex_unlock(&the.lock);
    return ok;
}

/* The helper is gone or has lost the thread: close it for good. Called with the lock held. */
static void give_up(void)
{
    if (the.pid <= 0 || the.owner != getpid())
        return;
    close(the.fd);
    kill(the.pid, SIGKILL);
    proc_reap(the.pid);
    the.pid = 0;
    the.fd = -1;
}

void source_helper_stop(void)
{
    pthread_mutex_lock(&the.lock);
    give_up();
    pthread_mutex_unlock(&the.lock);
}

pid_t h5_helper_pid(void)
{
    return the.pid;
}

static bool take_fault(const struct packet *p, const char *path, struct error *err)
{
    struct error said = {0};
    if (p->n != 4 + sizeof said.fact + sizeof said.detail + sizeof said.hint)
        return error_set(err, ERROR_DAMAGED, "%s: the HDF5 helper's answer is none", path);
    uint32_t code = take_le(p->bytes + HEAD, 4);
    const uint8_t *at = p->bytes + HEAD + 4;
    memcpy(said.fact, at, sizeof said.fact - 1);
    memcpy(said.detail, at + sizeof said.fact, sizeof said.detail - 1);
    memcpy(said.hint, at + sizeof said.fact + sizeof said.detail, sizeof said.hint - 1);
    bool known = code >= ERROR_UNREADABLE && code <= ERROR_MASK;
    error_set(err, known ? (enum error_code)code : ERROR_UNREADABLE, "%s", said.fact);
    if (said.detail[0])
        error_detail(err, "%s", said.detail);
    if (said.hint[0])
        error_hint(err, "%s", said.hint);
    return false;
}

static bool take_end(const struct packet *p, const char *path, struct error *err)
{
    uint32_t end = p->n == 8 ? take_le(p->bytes + HEAD, 4) : CHILD_EXIT,
             value = p->n == 8 ? take_le(p->bytes + HEAD + 4, 4) : 0;
    if (end == CHILD_DONE)
        return true;
    if (end == CHILD_TIME || (end == CHILD_SIGNAL && value == SIGXCPU))
        return error_set(err, ERROR_UNREADABLE, "%s: the HDF5 library took longer than %d seconds on it",
                         path, SECONDS);
    if (end == CHILD_SIGNAL)
        return error_set(err, ERROR_UNREADABLE, "%s: the HDF5 library crashed on it (signal %u)", path,
                         value);
    return error_set(err, ERROR_UNREADABLE, "%s: the HDF5 library gave up on it (exit code %u)", path, value);
}

static bool lost(const char *path, const char *how, struct error *err)
{
    give_up();
    return error_set(err, ERROR_UNREADABLE, "%s: cannot be opened, the HDF5 helper is gone", path),
           error_detail(err, "%s", how), error_hint(err, "run again; frames that were done are kept");
}

/* Collect parts until the end. Packets of an earlier request (its child was killed) are passed over. */
static bool collect(const char *path, struct str *answer, struct error *err)
{
    struct packet *p = malloc(sizeof *p);
    int64_t deadline = clock_monotonic() + (int64_t)PATIENCE * 1000000000;
    bool fault = false;
    if (!p)
        return error_set(err, ERROR_MEMORY, "%s: no memory for the HDF5 helper's answer", path);
    for (;;) {
        int64_t left = (deadline - clock_monotonic()) / 1000000;
        struct pollfd ready = {.fd = the.fd, .events = POLLIN};
        int n = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0 || !packet_receive(the.fd, p)) {
            lost(path, n <= 0 ? "it does not answer" : "its socket is closed", err);
            break;
        }
        if (p->number != the.number)
            continue;
        if (p->kind == KIND_END) {
            bool ok = !fault && take_end(p, path, err);
            free(p);
            return ok;
        }
        if (p->kind == KIND_FAULT && !fault)
            fault = !take_fault(p, path, err);
        else if (p->kind == KIND_PART && answer->len + p->n <= ANSWER_MOST)
            str_addn(answer, (const char *)p->bytes + HEAD, p->n);
        else if (!fault)
            fault = !error_set(err, ERROR_DAMAGED, "%s: the HDF5 helper's answer is none or too long", path);
    }
    free(p);
    return false;
}

bool h5_ask(const struct h5_request *q, struct arena *a, struct h5_description *out, struct error *err)
{
    struct str bytes = {0}, answer = {0};
    bool ok = false;
    h5_request_write(q, &bytes);
    pthread_mutex_lock(&the.lock);
    if (the.pid <= 0 || the.owner != getpid()) {
        error_set(err, ERROR_UNREADABLE, "%s: cannot be opened, the HDF5 helper is gone", q->path);
        error_hint(err, "run again; frames that were done are kept");
    } else if (bytes.len > PART) {
        error_set(err, ERROR_UNSUPPORTED, "%s: its geometry names too many datasets", q->path);
    } else {
        the.number++;
        ok = packet_send(the.fd, KIND_REQUEST, the.number, bytes.text, bytes.len)
                 ? collect(q->path, &answer, err)
                 : lost(q->path, "its socket is closed", err);
    }
    pthread_mutex_unlock(&the.lock);
    if (ok)
        ok = h5_description_read((const uint8_t *)answer.text, answer.len, q->path, a, out, err);
    str_free(&bytes);
    str_free(&answer);
    return ok;
}
