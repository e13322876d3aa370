/* owner.c - see owner.h. A process number is used again sooner or later: with the start time it is unique until the machine starts
 * again, and with the boot for ever. */
#include "base/owner.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "BOOT-NAMESPACE" of this process; two that have the same one see each other's numbers. */
static void where_am_i(char out[128])
{
    char boot[64] = "", space[64] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (f && fgets(boot, sizeof boot, f))
        boot[strcspn(boot, "\n ")] = 0;
    if (f)
        fclose(f);
    ssize_t n = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    const char *inode = n > 0 ? strchr(space, '[') : NULL; /* "pid:[4026531836]" */
    int digits = inode ? (int)strspn(inode + 1, "0123456789") : 0;
    snprintf(out, 128, "%s-%.*s", *boot ? boot : "unknown", digits, inode ? inode + 1 : "");
}

/* Start time of a process in ticks since boot, the 22nd field; 0: there is none, or it only waits to be buried. */
static unsigned long long started(long pid)
{
    char path[64], text[1024];
    unsigned long long start = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    const char *p = strrchr(text, ')'); /* the name may hold anything */
    if (!p || strlen(p) < 3 || p[2] == 'Z' || p[2] == 'X')
        return 0;
    p += 2;
    for (int field = 3; field < 22 && p; field++) {
        p = strchr(p, ' ');
        p = p ? p + 1 : NULL;
    }
    return p && sscanf(p, "%llu", &start) == 1 ? start : 0;
}

char *owner_of(pid_t pid, char out[OWNER])
{
    char where[128], host[256] = "";
    where_am_i(where);
    gethostname(host, sizeof host - 1);
    snprintf(out, OWNER, "%.60s %ld %llu %.64s", where, (long)pid, started(pid), host);
    return out;
}

/* Of this machine and its last start: whether it lives is known. */
static bool is_ours(const char *owner, long *pid, unsigned long long *start)
{
    char here[128], where[128];
    where_am_i(here);
    return sscanf(owner, "%127s %ld %llu", where, pid, start) == 3 && *start > 0 && *pid > 0 &&
           strcmp(where, here) == 0;
}

bool owner_is_dead(const char *owner)
{
    long pid;
    unsigned long long start;
    return is_ours(owner, &pid, &start) && started(pid) != start;
}

bool owner_is_alive(const char *owner)
{
    long pid;
    unsigned long long start;
    return is_ours(owner, &pid, &start) && started(pid) == start;
}

bool owner_is_of_earlier_start(const char *owner)
{
    enum { BOOT = 36 }; /* characters of a boot's name */
    char here[128], where[128], name[OWNER], host[256] = "";
    where_am_i(here);
    gethostname(host, sizeof host - 1);
    host[64] = 0; /* as owner_of() cuts it */
    if (sscanf(owner, "%127s %*s %*s %254[^\n]", where, name) != 2 || strcmp(name, host) != 0)
        return false;
    return strlen(where) > BOOT && where[BOOT] == '-' && strlen(here) > BOOT && here[BOOT] == '-' &&
           memcmp(where, here, BOOT) != 0;
}

char *owner_shown(const char *owner, char out[OWNER])
{
    int at = 0;
    long pid = 0;
    if (sscanf(owner, "%*s %ld %*s %n", &pid, &at) == 1 && at > 0 && owner[at])
        snprintf(out, OWNER, "process %ld on %.64s", pid, owner + at);
    else
        snprintf(out, OWNER, "%s", *owner ? owner : "nobody");
    return out;
}
