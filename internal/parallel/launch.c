/* launch.c - who started this program, and what MPI_Init needs; see launch.h. MPI_Init itself cannot be asked: without a
 * launcher it makes a job of one rank, and N of those would do all the work N times. */
#include "parallel/launch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A launcher that cannot wire this program. Rows are asked in order.
 *
 * seen  the variable it sets; ending in '*': any that begins so
 * size  the variable that holds the number of programs it started; with 1 the program is alone; NULL: it says nothing
 */
struct foreign {
    const char *seen, *size, *who, *hint;
};

#define USE "use `srun --mpi=pmi2` or MPICH's mpiexec.hydra"

static const struct foreign foreigners[] = {
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "Open MPI's mpirun cannot wire this program", USE},
    {"JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_SIZE", "jsrun cannot wire this program",
     "use `jsrun -n 1` a node with mpiexec.hydra inside, or one job a file"},
    {"PALS_RANKID", "PALS_SIZE", "PALS gave no PMI that this program speaks",
     "use `mpiexec --pmi=pmi2`, or mpiexec.hydra over $PBS_NODEFILE"},
    {"ALPS_APP_PE", NULL, "aprun's PMI is not spoken by this program", USE},
    {"SLURM_STEP_NUM_TASKS", "SLURM_STEP_NUM_TASKS",
     "srun started several programs that do not know each other",
     "use `srun --mpi=pmi2` (`srun --mpi=list` shows what there is)"},
    {"PMIX_RANK", "PMIX_SIZE", "started by PMIx, which this program does not speak", USE},
    {"PMIX_SERVER_URI*", "PMIX_SIZE", "started by PMIx, which this program does not speak", USE},
    {"PMI_CONTROL_PORT", "PMI_SIZE", "started with Cray's PMI, which this program does not speak", USE},
    {"FLUX_JOB_SIZE", "FLUX_JOB_SIZE", "flux started several programs that do not know each other",
     "use `flux run -o pmi=simple`"},
    {NULL, NULL, NULL, NULL},
};

/* Value of a variable as a number ≥ 0; otherwise when it is absent or none. */
static int64_t number_of(const char *name, int64_t otherwise)
{
    const char *text = name ? getenv(name) : NULL;
    int64_t value = 0;
    return text && str_to_i64(text, &value) && value >= 0 ? value : otherwise;
}

static bool is_seen(const char *name)
{
    size_t n = strlen(name);
    if (name[n - 1] != '*')
        return getenv(name) != NULL;
    for (char **e = environ; *e; e++)
        if (strncmp(*e, name, n - 1) == 0)
            return true;
    return false;
}

/* One program alone, whatever started it? PMIx itself has no variable for the size: those who use it have. */
static bool is_alone(const struct foreign *f)
{
    static const char *const others[] = {"OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS"};
    int64_t size = number_of(f->size, -1);
    for (size_t i = 0; size < 0 && i < sizeof others / sizeof *others; i++)
        size = number_of(others[i], -1);
    return size == 0 || size == 1;
}

/* PMI_FD names a socket that the launcher left open for us; in a shell started by it the number is all that is left. */
static bool is_wired(void)
{
    int64_t fd = number_of("PMI_FD", -1);
    return getenv("PMI_PORT") || (fd >= 0 && fd < 1 << 20 && fcntl((int)fd, F_GETFD) >= 0);
}

bool launch_detect(struct launch *out, struct error *err)
{
    *out = (struct launch){.size = 1};
    int64_t size = number_of("PMI_SIZE", 1), rank = number_of("PMI_RANK", 0);
    if (is_wired()) {
        out->mpi = true;
        out->rank = (uint32_t)rank;
        out->size = (uint32_t)(size > 0 ? size : 1);
        out->one_node = number_of("MPI_LOCALNRANKS", 0) == size || number_of("SLURM_STEP_NUM_NODES", 0) == 1;
        return true;
    }
    if (getenv("PMI_FD") && size > 1) {
        error_set(err, ERROR_USAGE, "the launcher's connection (PMI_FD=%s) is closed", getenv("PMI_FD"));
        return error_hint(err, "start xfelx itself by mpiexec or srun, not a program that starts it later");
    }
    for (const struct foreign *f = foreigners; f->seen; f++) {
        if (!is_seen(f->seen) || is_alone(f))
            continue;
        error_set(err, ERROR_USAGE, "%s (%s is set)", f->who, f->seen);
        return error_hint(err, "%s", f->hint);
    }
    return true;
}

/* ---- before MPI_Init ---- */

#define INTERFACE "MPIR_CVAR_CH3_INTERFACE_HOSTNAME"

static bool resolves(const char *name)
{
    struct addrinfo *found = NULL, want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    if (getaddrinfo(name, NULL, &want, &found) != 0)
        return false;
    freeaddrinfo(found);
    return true;
}

/* Numeric address of the interface that a kernel's table of routes sends unknown targets to. */
static const char *default_address(const char *route_table, char out[64])
{
    FILE *f = fopen(route_table, "r");
    char line[512], name[IFNAMSIZ] = "", found[IFNAMSIZ] = "";
    unsigned long target = 1;
    while (f && !*found && fgets(line, sizeof line, f))
        if (sscanf(line, "%15s %lx", name, &target) == 2 && target == 0)
            memcpy(found, name, sizeof found);
    if (f)
        fclose(f);
    int fd = *found ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    struct ifreq q = {0};
    memcpy(q.ifr_name, found, sizeof found);
    bool ok = fd >= 0 && ioctl(fd, SIOCGIFADDR, &q) == 0;
    if (fd >= 0)
        close(fd);
    const struct sockaddr_in *address = (const void *)&q.ifr_addr;
    return ok ? inet_ntop(AF_INET, &address->sin_addr, out, 64) : NULL;
}

const char *launch_address(const struct launch *l, const char *name, const char *route_table, char out[64])
{
    /* on one node the loop does, and nobody has to be asked for a name, which can take seconds */
    if (l->one_node)
        return "127.0.0.1";
    return resolves(name) ? NULL : default_address(route_table, out);
}

bool launch_no_shm(const char *shm, const char *tmp)
{
    struct statvfs room;
    if (access(shm, W_OK) == 0 && statvfs(shm, &room) == 0)
        return (uint64_t)room.f_bavail * room.f_frsize < (uint64_t)64 << 20;
    return access(tmp, W_OK) != 0;
}

bool launch_prepare(const struct launch *l, struct error *err)
{
    char host[256] = "localhost", address[64];
    const char *given = getenv(INTERFACE); /* hydra sets it to the host's name, over what the person gave */
    if (!given && gethostname(host, sizeof host - 1) == 0)
        given = host;
    const char *use = launch_address(l, given ? given : host, "/proc/net/route", address);
    if (use)
        setenv(INTERFACE, use, 1);
    else if (!resolves(given ? given : host)) {
        error_set(err, ERROR_FAILED, "the name of this machine (%s) has no address", given ? given : host);
        return error_hint(err,
                          "name the network in the launcher (mpiexec.hydra -iface eth0), or add the host to "
                          "/etc/hosts");
    }
    if (launch_no_shm("/dev/shm", "/tmp"))
        setenv("MPIR_CVAR_NOLOCAL", "1", 1);
    return true;
}
