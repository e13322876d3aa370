/* place.c - see place.h. Magic numbers: linux/magic.h, and the sources of Lustre, GPFS and BeeGFS. */
#include "store/place.h"

#include "base/base.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

static const struct {
    unsigned long magic;
    const char *name;
} shared_places[] = {
    {0x0BD00BD0, "Lustre"}, {0x47504653, "GPFS"},  {0x6969, "NFS"},       {0xFF534D42, "CIFS"},
    {0xFE534D42, "SMB2"},   {0x517B, "SMB"},       {0x00C36400, "Ceph"},  {0x19830326, "BeeGFS"},
    {0x65735546, "FUSE"},   {0x01021997, "9p"},    {0x5346414F, "AFS"},   {0x20030528, "OrangeFS"},
    {0x013111A8, "IBRIX"},  {0xAAD7AAEA, "PanFS"}, {0x7461636F, "OCFS2"}, {0x01161970, "GFS2"},
};

static const char *shared_name(unsigned long magic)
{
    for (size_t i = 0; i < sizeof shared_places / sizeof *shared_places; i++)
        if (shared_places[i].magic == (magic & 0xFFFFFFFFul))
            return shared_places[i].name;
    return NULL;
}

bool place_is_shared(unsigned long magic)
{
    return shared_name(magic) != NULL;
}

static void folder_of(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, size, ".");
    else
        snprintf(out, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

const char *place_shared_name(const char *path)
{
    char folder[4096];
    struct statfs fs;
    folder_of(path, folder, sizeof folder);
    return statfs(folder, &fs) == 0 ? shared_name((unsigned long)fs.f_type) : NULL;
}

const char *place_journal_mode(const char *path)
{
    return place_shared_name(path) ? "delete" : "wal";
}

/* The child: may it have what the parent holds? Answers '1' yes (the lock lies), '0' no. */
static int ask_for_lock(int fd, void *arg)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int file = open(arg, O_RDWR | O_CLOEXEC);
    char answer = file < 0 || fcntl(file, F_SETLK, &lock) == 0 ? '1' : '0';
    return write(fd, &answer, 1) != 1;
}

bool place_locks_hold(const char *folder)
{
    struct str name = {0};
    str_printf(&name, "%s/.xfelx-lock-XXXXXX", folder);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1}; /* as SQLite locks */
    int file = mkstemp(name.text), fd = -1;
    bool holds = false;
    if (file >= 0) {
        pid_t pid;
        char answer = '1';
        if (fcntl(file, F_SETLK, &lock) == 0 && proc_fork_helper(ask_for_lock, name.text, &pid, &fd, NULL)) {
            holds = read(fd, &answer, 1) == 1 && answer == '0';
            close(fd);
            proc_reap(pid);
        }
        unlink(name.text);
        close(file);
    }
    str_free(&name);
    return holds;
}

bool place_locks_hold_beside(const char *path)
{
    char folder[4096];
    folder_of(path, folder, sizeof folder);
    return place_locks_hold(folder);
}
