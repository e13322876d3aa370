/* supply.h - the frames that a rank was given and has not begun: between the thread that asks for them and the workers. Private
 * to parallel/. */
#ifndef XFELX_PARALLEL_SUPPLY_H
#define XFELX_PARALLEL_SUPPLY_H

#include "parallel/ledger.h"

#include <pthread.h>

/* WORK_AGAIN: to be processed for the second and last time. */
enum work_kind { WORK_PROCESS, WORK_SURVEY, WORK_AGAIN, WORK_KINDS };

struct supply {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct range *ranges; /* [n] a row that grows; the first of them is begun */
    size_t n, room;
    enum work_kind kind;      /* of the frames that are in it: never two kinds at once */
    uint64_t waiting;         /* frames in it */
    uint64_t last;            /* frames of the last grant */
    uint32_t threads, idle;   /* workers, those that wait in supply_next */
    uint64_t begun;           /* frames taken out of it */
    int64_t idle_ns, busy_ns; /* of all workers together */
    int64_t since;            /* the first frame came */
    bool closed;
    unsigned held; /* enum supply_hold; no frame is begun for now */
};

void supply_make(struct supply *s, uint32_t threads);
void supply_free(struct supply *s);

/* For workers: the next frame; waits. false: nothing more will come. since: when the last one was begun, 0 at first; is set. */
bool supply_next(struct supply *s, int64_t *since, enum work_kind *kind, uint64_t *frame);

bool supply_add(struct supply *s, enum work_kind kind, const struct range *ranges, size_t n,
                struct error *err);

/* Begin no frame until nobody wants that any more. */
enum supply_hold { HOLD_DISK = 1, HOLD_FINDING = 2 };
void supply_hold(struct supply *s, enum supply_hold why, bool held);

/* Frames that were not begun are not ours any more. */
void supply_forget(struct supply *s);

/* Nothing more comes; frames not begun are forgotten. */
void supply_close(struct supply *s);

/* How things are, for the thread that asks. wants: half of the last grant is used up. */
struct supply_state {
    bool wants, closed;
    uint32_t free;    /* idle threads */
    uint64_t waiting; /* frames not begun */
    uint32_t rate;    /* frames/s × 1000 */
    uint64_t begun;
    int64_t idle_ns, busy_ns;
};
struct supply_state supply_look(struct supply *s);

#endif
