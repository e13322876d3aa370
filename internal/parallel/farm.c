/* farm.c - what both forms of a farm share, and the form of a program alone; see farm.h. */
#include "parallel/farm.h"

#include "parallel/launch.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- alone ---- */

static bool alone_greet(struct farm *f, const struct hello *mine, struct hello *all, struct error *err)
{
    (void)f, (void)err;
    all[0] = *mine;
    return true;
}

static bool alone_share(struct farm *f, struct str *bytes, struct error *err)
{
    (void)f, (void)bytes, (void)err;
    return true;
}

static bool alone_send(struct farm *f, uint32_t to, const void *data, size_t n, struct error *err)
{
    (void)f, (void)data, (void)n;
    return error_set(err, ERROR_INTERNAL, "a message to rank %u of a program alone", to);
}

static bool alone_receive(struct farm *f, const void **data, size_t *n, struct error *err)
{
    (void)f, (void)err;
    *data = NULL;
    *n = 0;
    return true;
}

static void alone_close(struct farm *f, bool lost, int code)
{
    (void)f, (void)lost, (void)code;
}

static const struct farm_ops alone = {alone_greet, alone_share, alone_send, alone_receive, alone_close};

/* ---- opening ---- */

static uint64_t hash_of(const void *data, size_t n)
{
    uint8_t hash[32];
    uint64_t v = 0;
    sha256(data, n, hash);
    for (int i = 0; i < 8; i++)
        v = v << 8 | hash[i];
    return v;
}

/* Which CPUs this process may use, as a number that is the same for the same set. */
static uint64_t mask_of(void)
{
    enum { CPUS = 1 << 17 };
    static const char none[] = "";
    size_t size = CPU_ALLOC_SIZE(CPUS);
    cpu_set_t *set = CPU_ALLOC(CPUS);
    uint64_t v = hash_of(none, 0);
    if (set) {
        CPU_ZERO_S(size, set);
        if (sched_getaffinity(0, size, set) == 0)
            v = hash_of(set, size);
        CPU_FREE(set);
    }
    return v;
}

/* A node: its name and the boot of its kernel; containers of one machine may all be called localhost. */
static void say_hello(struct hello *h, const char *program)
{
    char boot[64] = "", name[65] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (f && !fgets(boot, sizeof boot, f))
        boot[0] = 0;
    if (f)
        fclose(f);
    gethostname(name, sizeof name - 1);
    *h = (struct hello){.program = hash_of(program, strlen(program)),
                        .host = *boot ? hash_of(boot, strlen(boot)) : hash_of(name, strlen(name)),
                        .mask = mask_of(),
                        .cpus = (uint32_t)proc_cpus()};
    snprintf(h->name, sizeof h->name, "%.23s", name);
}

/* CPUs of this rank over the ranks that share them. */
static int share_of_cpus(const struct farm *f)
{
    const struct hello *mine = f->ranks + f->rank;
    uint32_t same = 0;
    for (uint32_t r = 0; r < f->size; r++)
        same += f->ranks[r].host == mine->host && f->ranks[r].mask == mine->mask;
    return mine->cpus > same ? (int)(mine->cpus / same) : 1;
}

bool farm_open(const struct launch *l, const char *program, struct farm **out, struct error *err)
{
    struct farm *f = calloc(1, sizeof *f);
    struct hello mine;
    if (!f)
        return error_set(err, ERROR_MEMORY, "out of memory");
    *out = f;
    f->ops = &alone;
    f->size = 1;
    if (l->mpi && !(launch_prepare(l, err) && farm_mpi_make(f, err)))
        return false;
    f->ranks = calloc(f->size, sizeof *f->ranks);
    f->heard = calloc(f->size, sizeof *f->heard);
    f->hang = calloc(f->size, sizeof *f->hang);
    f->silence = SILENCE_SECONDS;
    if (!f->ranks || !f->heard || !f->hang)
        return error_set(err, ERROR_MEMORY, "out of memory");
    say_hello(&mine, program);
    if (!f->ops->greet(f, &mine, f->ranks, err))
        return false;
    for (uint32_t r = 0; r < f->size; r++) {
        if (f->ranks[r].program == mine.program)
            continue;
        error_set(err, ERROR_USAGE, "rank %u on %s runs another version of xfelx", r, f->ranks[r].name);
        return error_hint(err, "all ranks must run the same program");
    }
    f->threads = share_of_cpus(f);
    f->beat = f->looked = clock_monotonic();
    for (uint32_t r = 0; r < f->size; r++)
        f->heard[r] = f->beat;
    return true;
}

uint32_t farm_rank(const struct farm *f)
{
    return f->rank;
}

uint32_t farm_ranks(const struct farm *f)
{
    return f->size;
}

const char *farm_host(const struct farm *f, uint32_t rank)
{
    return f->ranks[rank].name;
}

int farm_threads(const struct farm *f)
{
    return f->threads;
}

bool farm_share(struct farm *f, struct str *bytes, struct error *err)
{
    return f->ops->share(f, bytes, err);
}

/* ---- messages ---- */

struct str *farm_message(struct farm *f)
{
    message_open(&f->out);
    return &f->out;
}

bool farm_send(struct farm *f, uint32_t to, enum message_type type, struct error *err)
{
    message_close(&f->out, type, f->rank, f->sequence++);
    f->sent++;
    return f->ops->send(f, to, f->out.text, f->out.len, err);
}

int farm_receive(struct farm *f, struct message *out, struct error *err)
{
    const void *data;
    size_t n;
    do {
        if (!f->ops->receive(f, &data, &n, err))
            return -1;
        if (n == 0)
            return 0;
        if (!message_read(data, n, out, err))
            return -1;
        if (out->from >= f->size)
            return error_set(err, ERROR_INTERNAL, "a message of rank %u of %u", out->from, f->size), -1;
        f->received++;
        f->heard[out->from] = clock_monotonic();
        if (out->type == MESSAGE_BEAT)
            f->hang[out->from] = out->size > 0 && out->body[0];
    } while (out->type == MESSAGE_BEAT);
    return 1;
}

/* Stopped, or a machine that slept: what others sent meanwhile is still to be read. */
static void forgive(struct farm *f, int64_t now)
{
    enum { GAP_SECONDS = 1 };
    int64_t gap = now - f->looked;
    f->looked = now;
    for (uint32_t r = 0; gap > (int64_t)GAP_SECONDS * 1000000000 && r < f->size; r++)
        f->heard[r] = f->heard[r] + gap < now ? f->heard[r] + gap : now;
}

static bool silent(const struct farm *f, uint32_t rank, double seconds)
{
    return 1e-9 * (double)(clock_monotonic() - f->heard[rank]) > seconds;
}

bool farm_away(const struct farm *f, uint32_t rank)
{
    return f->hang[rank] || silent(f, rank, f->silence);
}

static bool is_due(const struct farm *f, int64_t now)
{
    double often = f->silence / 6 < BEAT_SECONDS ? f->silence / 6 : BEAT_SECONDS;
    return 1e-9 * (double)(now - f->beat) >= often;
}

bool farm_beat(struct farm *f, struct error *err)
{
    int64_t now = clock_monotonic();
    forgive(f, now);
    if (f->size == 1 || !is_due(f, now))
        return true;
    f->beat = now;
    uint32_t first = f->rank ? 0 : 1, last = f->rank ? 0 : f->size - 1;
    for (uint32_t r = first; r <= last; r++) {
        wire_u8(farm_message(f), f->hangs);
        if (!farm_send(f, r, MESSAGE_BEAT, err))
            return false;
    }
    if (f->rank == 0 || !silent(f, 0, SILENCE_OF_0 * f->silence))
        return true;
    f->lost = true;
    error_set(err, ERROR_FAILED, "rank 0 on %s was not heard of for %g s", f->ranks[0].name,
              SILENCE_OF_0 * f->silence);
    return error_hint(err, "the same command goes on with what is missing");
}

void farm_rest(const struct farm *f, bool worked, long *rest_ns)
{
    long most = f->size > 1 ? 1000000 : 5000000;
    *rest_ns = worked ? 200000 : *rest_ns * 3 / 2;
    *rest_ns = *rest_ns < 200000 ? 200000 : *rest_ns > most ? most : *rest_ns;
    nanosleep(&(struct timespec){.tv_nsec = *rest_ns}, NULL);
}

/* ---- the end ---- */

void farm_give_up(struct farm *f, const struct error *why)
{
    struct error err = {0};
    wire_error(farm_message(f), why);
    bool ok = farm_send(f, 0, MESSAGE_NOTE, &err);
    struct str *out = farm_message(f);
    for (int i = 0; i < 3; i++)
        wire_u64(out, 0);
    f->lost = !(ok && farm_send(f, 0, MESSAGE_BYE, &err));
}

int farm_end(struct farm *f, int code)
{
    struct error err = {0};
    struct message m;
    long rest = 0;
    for (uint32_t r = 1; f->rank == 0 && r < f->size && !f->lost; r++) {
        wire_u32(farm_message(f), (uint32_t)code);
        if (!farm_send(f, r, MESSAGE_END, &err))
            f->lost = true;
    }
    while (f->rank > 0 && !f->lost) {
        int got = farm_receive(f, &m, &err);
        if (got > 0 && m.type == MESSAGE_END) {
            struct unwire g = {m.body, m.body + m.size, false};
            return (int)unwire_u32(&g);
        }
        f->lost = f->lost || got < 0 || !farm_beat(f, &err);
        farm_rest(f, got > 0, &rest);
    }
    return code;
}

void farm_close(struct farm *f, int code)
{
    if (!f)
        return;
    f->ops->close(f, f->lost, code);
    str_free(&f->out);
    free(f->ranks);
    free(f->heard);
    free(f->hang);
    free(f);
}
