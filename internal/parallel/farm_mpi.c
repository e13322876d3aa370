/* farm_mpi.c - ranks over MPI; see farm.h. One thread calls MPI (MPI_THREAD_FUNNELED). Nothing here waits inside MPI once the
 * job has begun: a blocked call of MPICH spins at full speed (VENDOR 3.4). Sends are started and looked at later, receives are
 * probed for. */
#include "parallel/farm.h"

#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TAG = 1 };

/* A message that MPI has not sent yet. */
struct sending {
    struct sending *next;
    MPI_Request request;
    size_t size;
    uint8_t data[];
};

struct own {
    struct sending *first, **last;
    uint8_t *in;
    size_t room;
};

static bool worked(int rc, const char *what, struct error *err)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    if (rc == MPI_SUCCESS)
        return true;
    MPI_Error_string(rc, text, &n);
    error_set(err, ERROR_FAILED, "MPI: %s", what);
    return error_detail(err, "%.400s", text);
}

static bool mpi_greet(struct farm *f, const struct hello *mine, struct hello *all, struct error *err)
{
    (void)f;
    return worked(MPI_Allgather(mine, sizeof *mine, MPI_BYTE, all, sizeof *all, MPI_BYTE, MPI_COMM_WORLD),
                  "the ranks cannot greet each other", err);
}

/* Collective calls spin while they wait; rank 0 may need seconds to list files. So the others are told by a message first. */
static bool wait_for_share(struct farm *f, uint64_t *size, struct error *err)
{
    long rest = 0;
    int there = 0;
    while (!there) {
        if (!worked(MPI_Iprobe(0, TAG, MPI_COMM_WORLD, &there, MPI_STATUS_IGNORE), "probe", err))
            return false;
        if (!there)
            farm_rest(f, false, &rest);
    }
    return worked(MPI_Recv(size, sizeof *size, MPI_BYTE, 0, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
                  "rank 0's word did not come", err);
}

static bool mpi_share(struct farm *f, struct str *bytes, struct error *err)
{
    enum { PIECE = 1 << 30 };
    uint64_t size = bytes->len;
    for (uint32_t r = 1; f->rank == 0 && r < f->size; r++)
        if (!worked(MPI_Send(&size, sizeof size, MPI_BYTE, (int)r, TAG, MPI_COMM_WORLD), "send", err))
            return false;
    if (f->rank > 0) {
        if (!wait_for_share(f, &size, err))
            return false;
        str_clear(bytes);
        str_reserve(bytes, size);
        bytes->len = size;
        bytes->text[size] = 0;
    }
    for (uint64_t at = 0; at < size; at += PIECE) {
        int n = (int)(size - at < PIECE ? size - at : PIECE);
        if (!worked(MPI_Bcast(bytes->text + at, n, MPI_BYTE, 0, MPI_COMM_WORLD), "broadcast", err))
            return false;
    }
    return true;
}

/* Let go of what was sent. */
static bool reap(struct own *o, struct error *err)
{
    int done = 1;
    while (o->first && done) {
        struct sending *s = o->first;
        if (!worked(MPI_Test(&s->request, &done, MPI_STATUS_IGNORE), "a message could not be sent", err))
            return false;
        if (done) {
            o->first = s->next;
            free(s);
        }
    }
    if (!o->first)
        o->last = &o->first;
    return true;
}

static bool mpi_send(struct farm *f, uint32_t to, const void *data, size_t n, struct error *err)
{
    struct own *o = f->own;
    struct sending *s = n <= MESSAGE_MAX ? malloc(sizeof *s + n) : NULL;
    if (!s)
        return error_set(err, ERROR_MEMORY, "no memory for a message of %s", COUNT(n, "byte"));
    s->next = NULL;
    s->size = n;
    memcpy(s->data, data, n);
    if (!worked(MPI_Isend(s->data, (int)n, MPI_BYTE, (int)to, TAG, MPI_COMM_WORLD, &s->request),
                "a message could not be sent", err)) {
        free(s);
        return false;
    }
    *o->last = s;
    o->last = &s->next;
    return reap(o, err);
}

static bool mpi_receive(struct farm *f, const void **data, size_t *n, struct error *err)
{
    struct own *o = f->own;
    MPI_Status status;
    int there = 0, size = 0;
    *n = 0;
    if (!reap(o, err) || !worked(MPI_Iprobe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &there, &status),
                                 "messages cannot be looked for", err))
        return false;
    if (!there)
        return true;
    MPI_Get_count(&status, MPI_BYTE, &size);
    if ((size_t)size > o->room) {
        uint8_t *more = realloc(o->in, 2 * (size_t)size);
        if (!more)
            return error_set(err, ERROR_MEMORY, "no memory for a message of %s", COUNT(size, "byte"));
        o->in = more;
        o->room = 2 * (size_t)size;
    }
    if (!worked(MPI_Recv(o->in, size, MPI_BYTE, status.MPI_SOURCE, TAG, MPI_COMM_WORLD, &status),
                "a message could not be received", err))
        return false;
    *data = o->in;
    *n = (size_t)size;
    return true;
}

/* All messages out, everybody here, without spinning. */
static void meet(struct farm *f)
{
    struct own *o = f->own;
    MPI_Request request;
    int done = 0;
    long rest = 0;
    while (o->first && reap(o, NULL))
        farm_rest(f, false, &rest);
    if (MPI_Ibarrier(MPI_COMM_WORLD, &request) != MPI_SUCCESS)
        return;
    while (MPI_Test(&request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && !done)
        farm_rest(f, false, &rest);
}

static void mpi_close(struct farm *f, bool lost, int code)
{
    struct own *o = f->own;
    if (lost) /* MPI_Finalize would wait for it for ever */
        MPI_Abort(MPI_COMM_WORLD, code);
    meet(f);
    MPI_Finalize();
    free(o->in);
    free(o);
}

static const struct farm_ops mpi = {mpi_greet, mpi_share, mpi_send, mpi_receive, mpi_close};

bool farm_mpi_make(struct farm *f, struct error *err)
{
    struct own *o = calloc(1, sizeof *o);
    int level = 0, rank = 0, size = 0;
    if (!o)
        return error_set(err, ERROR_MEMORY, "out of memory");
    o->last = &o->first;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS) {
        free(o);
        return error_set(err, ERROR_FAILED, "MPI could not be started");
    }
    f->ops = &mpi;
    f->own = o;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    f->rank = (uint32_t)rank;
    f->size = (uint32_t)size;
    return level >= MPI_THREAD_FUNNELED || error_set(err, ERROR_FAILED, "MPI has no threads");
}
