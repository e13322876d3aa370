/* farm.h - the ranks of a job as seen from one of them: bytes to and from another rank. One struct of functions with two forms,
 * alone (farm.c) and MPI (farm_mpi.c). Private to parallel/; what others may ask is in parallel.h.
 *
 * All of it is called by the thread that opened the farm.
 */
#ifndef XFELX_PARALLEL_FARM_H
#define XFELX_PARALLEL_FARM_H

#include "parallel/message.h"
#include "parallel/parallel.h"

/* What must be known of every rank before the first message, 64 bytes each way (HELLO). */
struct hello {
    uint64_t program; /* hash of version and commit: must be the same */
    uint64_t host, mask;
    uint32_t cpus; /* that this rank may use, shared by the ranks with the same host and mask */
    uint32_t threads;
    char name[24]; /* of the machine, for messages */
};

struct farm;

struct farm_ops {
    /* Every rank's hello to every rank; rank 0's bytes to every rank. The only collective calls, at the start. */
    bool (*greet)(struct farm *f, const struct hello *mine, struct hello *all, struct error *err);
    bool (*share)(struct farm *f, struct str *bytes, struct error *err);

    /* Send n bytes: copied, never waits. Messages between two ranks keep their order. */
    bool (*send)(struct farm *f, uint32_t to, const void *data, size_t n, struct error *err);

    /* The next message, n = 0: none is there. The bytes live until the next call. */
    bool (*receive)(struct farm *f, const void **data, size_t *n, struct error *err);

    /* The end. lost: some rank will never answer again; end all of them with this code (does not return then). */
    void (*close)(struct farm *f, bool lost, int code);
};

struct farm {
    const struct farm_ops *ops;
    uint32_t rank, size;
    int threads;         /* of this rank */
    struct hello *ranks; /* [size] */
    uint64_t sequence, sent, received;
    bool lost;      /* a rank is silent for too long: there will be no common end */
    double silence; /* s; who is not heard of for longer is away; rank 0 after SILENCE_OF_0 times as long */
    int64_t *heard; /* [size] clock_monotonic of the last message */
    bool *hang;     /* [size] what its last beat said: it waits for a disk that does not answer */
    bool hangs;     /* our own beats say so */
    int64_t beat;   /* of our own last one */
    int64_t looked; /* when farm_beat was called last */
    struct str out;
    void *own; /* of the form */
};

enum { BEAT_SECONDS = 5, SILENCE_SECONDS = 30, SILENCE_OF_0 = 4 };

bool farm_mpi_make(struct farm *f, struct error *err);

/* Start a message in f->out (put its body there), then send it. */
struct str *farm_message(struct farm *f);
bool farm_send(struct farm *f, uint32_t to, enum message_type type, struct error *err);

/* The next message: 1, 0 none, -1 failed. Beats are answered for by this and never come out. */
int farm_receive(struct farm *f, struct message *out, struct error *err);

/* Say that we are alive, every BEAT_SECONDS, more often where silence is short. On the others: false when rank 0 is silent. Time
 * that we were not awake ourselves is held against nobody. */
bool farm_beat(struct farm *f, struct error *err);

/* Rank 0: is a rank away, silent or hanging? */
bool farm_away(const struct farm *f, uint32_t rank);

/* Sleep before the next look: 0.2 ms after work, then longer up to 1 ms (alone: 5 ms). */
void farm_rest(const struct farm *f, bool worked, long *rest_ns);

#endif
