/* child.c - run another program and take its answer; see child.h. */
#include "base/child.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { IN, OUT, ERR, PIPES };

/* ---- environment ---- */

static bool is_dropped(const char *const *drop, const char *entry)
{
    size_t n = strcspn(entry, "=");
    for (; drop && *drop; drop++) {
        size_t length = strlen(*drop);
        bool beginning = length && (*drop)[length - 1] == '*';
        if (beginning ? n >= length - 1 && !memcmp(entry, *drop, length - 1)
                      : n == length && !memcmp(entry, *drop, n))
            return true;
    }
    return false;
}

static bool is_set(const char *const *set, const char *entry)
{
    size_t n = strcspn(entry, "=") + 1;
    for (; set && *set; set++)
        if (!strncmp(*set, entry, n))
            return true;
    return false;
}

/* The environment of the child: pointers to strings that live elsewhere. */
static char **make_environment(const struct child *c)
{
    size_t n = 1, used = 0;
    for (char **e = environ; *e; e++)
        n++;
    for (const char *const *s = c->set; s && *s; s++)
        n++;
    char **all = calloc(n, sizeof *all);
    for (char **e = environ; all && *e; e++)
        if (!is_dropped(c->drop, *e) && !is_set(c->set, *e))
            all[used++] = *e;
    for (const char *const *s = c->set; all && s && *s; s++)
        all[used++] = (char *)(uintptr_t)*s;
    return all;
}

/* ---- pipes ---- */

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool open_pipes(int ours[PIPES], int theirs[PIPES])
{
    for (int i = 0; i < PIPES; i++) {
        int both[2];
        if (pipe2(both, O_CLOEXEC) != 0)
            return false;
        ours[i] = both[i == IN];
        theirs[i] = both[i != IN];
        fcntl(ours[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

static bool start(const struct child *c, int theirs[PIPES], pid_t *pid, struct error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    char **environment = make_environment(c);
    if (!environment)
        return error_set(err, ERROR_MEMORY, "out of memory");
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int i = 0; i < PIPES; i++)
        posix_spawn_file_actions_adddup2(&actions, theirs[i], i);
    if (c->folder)
        posix_spawn_file_actions_addchdir_np(&actions, c->folder);
    /* a program of its own: group, signals as they come from init */
    sigemptyset(&none);
    sigfillset(&defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int failed =
        posix_spawnp(pid, c->argv[0], &actions, &attributes, (char **)(uintptr_t)c->argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    errno = failed;
    return !failed || error_system(err, ERROR_FAILED, "cannot start %s", c->argv[0]);
}

/* ---- talking ---- */

/* Take what there is; false: the other end is closed. */
static bool take(int fd, struct str *to, size_t limit)
{
    char buffer[16384];
    for (;;) {
        ssize_t n = read(fd, buffer, sizeof buffer);
        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        for (ssize_t i = 0; i < n; i++)
            if (!buffer[i])
                buffer[i] = ' ';
        size_t room = to->len < limit ? limit - to->len : 0;
        str_addn(to, buffer, (size_t)n < room ? (size_t)n : room);
    }
}

/* Give what it takes; false: all was given, or it wants no more. */
static bool give(int fd, const char *text, size_t n, size_t *given)
{
    while (*given < n) {
        ssize_t some = write(fd, text + *given, n - *given);
        if (some < 0)
            return errno == EAGAIN || errno == EINTR;
        *given += (size_t)some;
    }
    return false;
}

struct talk {
    const struct child *c;
    int fd[PIPES];
    size_t given, limit;
    struct child_answer *answer;
};

/* Move bytes both ways for at most wait_ms; false: everything is closed. */
static bool move_bytes(struct talk *t, int wait_ms)
{
    struct pollfd p[PIPES];
    for (int i = 0; i < PIPES; i++)
        p[i] = (struct pollfd){.fd = t->fd[i], .events = i == IN ? POLLOUT : POLLIN};
    if (poll(p, PIPES, wait_ms) < 0)
        return true;
    if (p[IN].revents && !give(t->fd[IN], t->c->input, t->c->n_input, &t->given))
        close_one(&t->fd[IN]);
    if (p[OUT].revents && !take(t->fd[OUT], &t->answer->out, t->limit))
        close_one(&t->fd[OUT]);
    if (p[ERR].revents && !take(t->fd[ERR], &t->answer->err, t->limit))
        close_one(&t->fd[ERR]);
    return t->fd[OUT] >= 0 || t->fd[ERR] >= 0;
}

static bool over(const struct child *c, double seconds)
{
    return (c->seconds > 0 && seconds > c->seconds) || (c->stop && atomic_load(c->stop));
}

/* Until it has ended; outputs that its own children hold open are read a moment longer. */
static int converse(struct talk *t, pid_t pid)
{
    enum { STEP_MS = 50, GRACE_MS = 2000, AFTER_MS = 200 };
    int64_t begin = clock_monotonic(), killed = 0, ended = 0;
    int status = 0;
    bool open = true;
    while (!ended || (open && clock_monotonic() - ended < (int64_t)AFTER_MS * 1000000)) {
        if (open)
            open = move_bytes(t, STEP_MS);
        bool forever = t->c->seconds <= 0 && !t->c->stop;
        if (!ended && waitpid(pid, &status, !open && (killed || forever) ? 0 : WNOHANG) == pid) {
            ended = clock_monotonic();
            if (killed) /* what of its group has not heard the first word */
                kill(-pid, SIGKILL);
        }
        if (!ended && !open)
            poll(NULL, 0, STEP_MS);
        int64_t now = clock_monotonic();
        if (!ended && !killed && over(t->c, (double)(now - begin) * 1e-9)) {
            t->answer->timed_out = true;
            killed = now;
            kill(-pid, SIGTERM);
        } else if (!ended && killed && now - killed > (int64_t)GRACE_MS * 1000000) {
            kill(-pid, SIGKILL);
        }
    }
    return status;
}

bool child_run(const struct child *c, struct child_answer *out, struct error *err)
{
    int theirs[PIPES] = {-1, -1, -1};
    struct talk t = {
        .c = c, .fd = {-1, -1, -1}, .limit = c->limit ? c->limit : (size_t)16 << 20, .answer = out};
    pid_t pid = 0;
    *out = (struct child_answer){.exit_code = -1};
    bool good = open_pipes(t.fd, theirs) || error_system(err, ERROR_FAILED, "cannot make a pipe");
    good = good && start(c, theirs, &pid, err);
    for (int i = 0; i < PIPES; i++)
        close_one(&theirs[i]);
    if (good) {
        /* a child that does not read its input must not kill us */
        struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
        sigaction(SIGPIPE, &ignore, &before);
        if (c->running)
            *c->running = pid;
        int status = converse(&t, pid);
        if (c->running)
            *c->running = 0;
        sigaction(SIGPIPE, &before, NULL);
        out->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
        out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    for (int i = 0; i < PIPES; i++)
        close_one(&t.fd[i]);
    return good;
}

void child_answer_free(struct child_answer *a)
{
    str_free(&a->out);
    str_free(&a->err);
}

void shell_quote(struct str *out, const char *text)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";
    if (*text && !text[strspn(text, harmless)]) {
        str_add(out, text);
        return;
    }
    str_addc(out, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            str_add(out, "'\\''");
        else
            str_addc(out, *text);
    }
    str_addc(out, '\'');
}

/* Length of a "<word>" at text; 0: it is none. */
static size_t field_length(const char *text)
{
    size_t n = *text == '<' ? 1 + strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
    return n > 1 && text[n] == '>' ? n + 1 : 0;
}

static bool no_field(const char *setting, const char *name, size_t n, const struct shell_field *fields,
                     size_t n_fields, struct error *err)
{
    struct str names = {0};
    for (size_t i = 0; i < n_fields; i++)
        str_printf(&names, "%s<%s>", i ? " " : "", fields[i].name);
    error_set(err, ERROR_USAGE, "%s has an unknown field %.*s", setting, (int)n, name);
    error_hint(err, "fields: %s", names.text ? names.text : "none");
    str_free(&names);
    return false;
}

bool shell_fill(struct str *out, const char *setting, const char *command, const struct shell_field *fields,
                size_t n, struct error *err)
{
    while (*command) {
        size_t length = field_length(command), k = 0;
        if (!length) {
            str_addc(out, *command++);
            continue;
        }
        while (k < n &&
               (strlen(fields[k].name) != length - 2 || memcmp(fields[k].name, command + 1, length - 2) != 0))
            k++;
        if (k == n)
            return no_field(setting, command, length, fields, n, err);
        if (fields[k].ready)
            str_add(out, fields[k].value);
        else
            shell_quote(out, fields[k].value);
        command += length;
    }
    return true;
}
