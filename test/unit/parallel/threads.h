/* threads.h - a farm whose ranks are threads of the test: messages go through boxes in memory. */
#ifndef XFELX_TEST_THREADS_H
#define XFELX_TEST_THREADS_H

#include "parallel/farm.h"

#include "support.h"

#include <pthread.h>
#include <string.h>

enum { THREAD_RANKS_MAX = 8 };

struct thread_mail {
    struct thread_mail *next;
    size_t n;
    uint8_t data[];
};

/* Where a rank's messages lie. */
struct thread_box {
    pthread_mutex_t lock;
    struct thread_mail *first, **last, *read; /* read: given out, lives until the next one */
};

static struct thread_box thread_boxes[THREAD_RANKS_MAX];

static bool thread_greet(struct farm *f, const struct hello *mine, struct hello *all, struct error *err)
{
    (void)f, (void)mine, (void)all, (void)err;
    return true;
}

static bool thread_share(struct farm *f, struct str *bytes, struct error *err)
{
    (void)f, (void)bytes, (void)err;
    return true;
}

static bool thread_send(struct farm *f, uint32_t to, const void *data, size_t n, struct error *err)
{
    (void)f, (void)err;
    struct thread_box *box = thread_boxes + to;
    struct thread_mail *mail = malloc(sizeof *mail + n);
    assert_non_null(mail);
    mail->next = NULL;
    mail->n = n;
    memcpy(mail->data, data, n);
    pthread_mutex_lock(&box->lock);
    *box->last = mail;
    box->last = &mail->next;
    pthread_mutex_unlock(&box->lock);
    return true;
}

static bool thread_receive(struct farm *f, const void **data, size_t *n, struct error *err)
{
    (void)err;
    struct thread_box *box = thread_boxes + f->rank;
    free(box->read);
    pthread_mutex_lock(&box->lock);
    box->read = box->first;
    if (box->first)
        box->first = box->first->next;
    if (!box->first)
        box->last = &box->first;
    pthread_mutex_unlock(&box->lock);
    *n = box->read ? box->read->n : 0;
    *data = box->read ? box->read->data : NULL;
    return true;
}

static void thread_close(struct farm *f, bool lost, int code)
{
    (void)lost, (void)code;
    struct thread_box *box = thread_boxes + f->rank;
    free(box->read);
    box->read = NULL;
    for (struct thread_mail *next; box->first; box->first = next) {
        next = box->first->next;
        free(box->first);
    }
    box->last = &box->first;
}

static const struct farm_ops thread_ops = {thread_greet, thread_share, thread_send, thread_receive,
                                           thread_close};

/* The farms of n ranks, to be closed by farm_close each. */
static inline void threads_open(struct farm *farms[], uint32_t n)
{
    for (uint32_t r = 0; r < n; r++) {
        struct farm *f = farms[r] = calloc(1, sizeof *f);
        assert_non_null(f);
        pthread_mutex_init(&thread_boxes[r].lock, NULL);
        thread_boxes[r].last = &thread_boxes[r].first;
        *f =
            (struct farm){.ops = &thread_ops, .rank = r, .size = n, .threads = 1, .silence = SILENCE_SECONDS};
        f->ranks = calloc(n, sizeof *f->ranks);
        f->heard = calloc(n, sizeof *f->heard);
        f->hang = calloc(n, sizeof *f->hang);
        f->beat = f->looked = clock_monotonic();
        for (uint32_t i = 0; i < n; i++)
            f->heard[i] = f->beat;
    }
}

#endif
