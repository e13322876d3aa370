/* proc.c - this process and its helpers; see proc.h. */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- CPUs ---- */

/* First bytes of a small system file as text; false when it cannot be read. fs_read is for files with a size:
 * these say 0. */
static bool read_small(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t n = 0;
    ssize_t got;
    while (n < size - 1 && (got = read(fd, text + n, size - 1 - n)) > 0)
        n += (size_t)got;
    close(fd);
    text[n] = 0;
    return n > 0;
}

/* Path of this process in a cgroup hierarchy: the line "ID:CONTROLLERS:PATH" of /proc/self/cgroup whose
 * controllers hold `controller` ("" = version 2). */
static bool cgroup_path(const char *controller, char *out, size_t size)
{
    char text[4096];
    if (!read_small("/proc/self/cgroup", text, sizeof text))
        return false;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        bool found = !*controller && !names[1];
        char *save = NULL;
        for (char *word = *controller ? strtok_r(names + 1, ",", &save) : NULL; word;
             word = strtok_r(NULL, ",", &save))
            found = found || strcmp(word, controller) == 0;
        if (found)
            return snprintf(out, size, "%s", path) < (int)size;
    }
    return false;
}

/* CPUs that the quota files in one folder allow; 0: no limit there. Version 2: cpu.max "QUOTA|max PERIOD";
 * version 1: two files, quota -1 = none. */
static int quota_of_folder(const char *folder, bool version2)
{
    char path[2 * PATH_MAX + 64], text[128], period_text[128];
    long quota = -1, period = 0;
    snprintf(path, sizeof path, "%s/%s", folder, version2 ? "cpu.max" : "cpu.cfs_quota_us");
    if (!read_small(path, text, sizeof text) || text[0] < '0' || text[0] > '9')
        return 0;
    char *end;
    quota = strtol(text, &end, 10);
    if (version2) {
        period = strtol(end, NULL, 10);
    } else {
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        if (read_small(path, period_text, sizeof period_text))
            period = strtol(period_text, NULL, 10);
    }
    if (quota <= 0 || period <= 0)
        return 0;
    long cpus = (quota - 1) / period + 1;
    return cpus > 1 << 20 ? 0 : (int)cpus;
}

/* Smallest quota from our own group up to the root of the mount: every level limits. In a container the path
 * may be one of the host that does not exist here; the root of the mount is then our group. */
static int quota_cpus(const char *mount, const char *controller)
{
    char group[PATH_MAX] = "", folder[2 * PATH_MAX];
    cgroup_path(controller, group, sizeof group);
    int least = 0;
    for (;;) {
        snprintf(folder, sizeof folder, "%s%s", mount, group);
        int cpus = quota_of_folder(folder, !*controller);
        if (cpus && (!least || cpus < least))
            least = cpus;
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
}

/* CPUs of the affinity mask. Machines have more than the 1024 of a fixed cpu_set_t: the set grows until the
 * kernel is content. */
static int affinity_cpus(void)
{
    for (int n = 1024; n <= 1 << 20; n *= 4) {
        cpu_set_t *set = CPU_ALLOC((size_t)n);
        if (!set)
            return 1;
        size_t size = CPU_ALLOC_SIZE((size_t)n);
        CPU_ZERO_S(size, set);
        int rc = sched_getaffinity(0, size, set), count = rc == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (rc == 0)
            return count;
        if (errno != EINVAL)
            return 1;
    }
    return 1;
}

int proc_cpus(void)
{
    int cpus = affinity_cpus();
    int quota[] = {quota_cpus("/sys/fs/cgroup", ""), quota_cpus("/sys/fs/cgroup/unified", ""),
                   quota_cpus("/sys/fs/cgroup/cpu", "cpu"), quota_cpus("/sys/fs/cgroup/cpu,cpuacct", "cpu")};
    for (size_t i = 0; i < sizeof quota / sizeof *quota; i++)
        if (quota[i] && quota[i] < cpus)
            cpus = quota[i];
    return cpus < 1 ? 1 : cpus;
}

/* ---- names ---- */

const char *proc_host(struct arena *a)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0 || !*name)
        return "localhost";
    return arena_strdup(a, name);
}

/* ---- helpers ---- */

bool proc_fork_helper(int (*work)(int fd, void *arg), void *arg, pid_t *pid, int *fd, struct error *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return error_system(err, ERROR_FAILED, "cannot make a socket for a helper process");
    pid_t parent = getpid();
    fflush(NULL); /* what is buffered must not be printed twice */
    pid_t child = fork();
    if (child < 0) {
        error_system(err, ERROR_FAILED, "cannot start a helper process");
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    if (child == 0) {
        close(pair[0]);
        /* The parent may have died before prctl took effect: then nobody would tell us. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
            _exit(1);
        _exit(work(pair[1], arg));
    }
    close(pair[1]);
    *pid = child;
    *fd = pair[0];
    return true;
}

int proc_wait(pid_t pid, int *signal)
{
    int status = 0;
    *signal = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    if (WIFSIGNALED(status))
        *signal = WTERMSIG(status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int proc_reap(pid_t pid)
{
    int signal;
    return proc_wait(pid, &signal);
}

/* ---- processes that live on ---- */

/* In the new process: nothing that was open stays so, but fd, which is 3 then. */
static void leave_all(int fd)
{
    sigset_t none;
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int signal = 1; signal < 32; signal++)
        sigaction(signal, &usual, NULL);
    int nothing = open("/dev/null", O_RDWR);
    for (int i = 0; i < 3; i++)
        dup2(nothing, i);
    dup2(fd, 3);
    long most = sysconf(_SC_OPEN_MAX);
    for (int i = 4; i < (most > 0 && most < 65536 ? most : 65536); i++)
        close(i);
    fcntl(3, F_SETFD, FD_CLOEXEC);
}

bool proc_detach(int (*work)(int fd, void *arg), void *arg, struct error *err)
{
    int both[2], signal;
    if (pipe2(both, O_CLOEXEC) != 0)
        return error_system(err, ERROR_FAILED, "cannot make a pipe");
    fflush(NULL);
    pid_t middle = fork(); /* twice, so that it is nobody's child that has to be waited for */
    if (middle < 0) {
        error_system(err, ERROR_FAILED, "cannot start a process");
        close(both[0]);
        close(both[1]);
        return false;
    }
    if (middle == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        leave_all(both[1]);
        _exit(work(3, arg));
    }
    close(both[1]);
    proc_wait(middle, &signal);
    char byte;
    ssize_t n;
    while ((n = read(both[0], &byte, 1)) < 0 && errno == EINTR) {
    }
    close(both[0]);
    return n == 1 || error_set(err, ERROR_FAILED, "a process ended before it began");
}

bool proc_start(const char *const *argv, const char *folder, const char *output,
                const char *const *environment, pid_t *pid, struct error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0666);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    int failed = posix_spawn(pid, argv[0], &actions, &attributes, (char **)(uintptr_t)argv,
                             (char **)(uintptr_t)environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    errno = failed;
    return !failed || error_system(err, ERROR_FAILED, "cannot start %s", argv[0]);
}
