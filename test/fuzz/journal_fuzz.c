/* journal_fuzz.c - any bytes as what follows the header of a journal, and as the body of a frame: refused, or a result whose every
 * index is good and which can be written and read again. */
#include "sink/journal_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_result(const struct result *r)
{
    for (size_t i = 0; i < r->n_indexed; i++)
        check(r->indexed[i].lattice < r->n_lattices);
    for (size_t i = 0; i < r->n_integrated; i++)
        check(r->integrated[i].lattice < r->n_lattices);
    check(r->n_stages <= STAGE_MAX && memchr(r->message, 0, sizeof r->message) != NULL);
}

static void try_body(const uint8_t *data, size_t n)
{
    static const char *paths[] = {"/a", "/b"};
    static const struct detector *detectors[1];
    const struct journal_seen seen = {paths, 2, detectors, 1};
    struct arena a = {0};
    struct error err = {0};
    struct result r, again;
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, data, n);
    if (journal_frame_get(exact, n, &seen, &a, &r, &err)) {
        struct str out = {0}, scratch = {0};
        check_result(&r);
        if (journal_frame_put(&out, &r, -1, true, 1, &scratch, &err))
            check(journal_frame_get((uint8_t *)out.text, out.len, &seen, &a, &again, &err) || r.n_strong > 0);
        str_free(&out);
        str_free(&scratch);
    }
    free(exact);
    arena_free(&a);
}

/* Checksums are made right for the records that stand where records are expected, or nothing would be reached. */
static void mend(uint8_t *at, size_t n)
{
    while (n >= RECORD_HEADER) {
        uint32_t size, body;
        memcpy(&size, at, 4);
        memcpy(&body, at + 24, 4);
        if (size < RECORD_HEADER || size > n || body > size - RECORD_HEADER)
            return;
        uint32_t crc = crc32c(crc32c(0, at, 28), at + RECORD_HEADER, body);
        memcpy(at + 28, &crc, 4);
        at += size;
        n -= size;
    }
}

static void try_file(const uint8_t *data, size_t n)
{
    char path[64];
    uint8_t head[JOURNAL_FIRST] = {0};
    uint16_t sizes[2] = {JOURNAL_VERSION, JOURNAL_HEADER};
    uint32_t order = 0x01020304, first = JOURNAL_FIRST, crc;
    memcpy(head, journal_magic, 8);
    memcpy(head + 8, sizes, 4);
    memcpy(head + 12, &order, 4);
    memcpy(head + 56, &first, 4);
    crc = crc32c(0, head, 60);
    memcpy(head + 60, &crc, 4);
    snprintf(path, sizeof path, "/dev/shm/journal_fuzz_%d", (int)getpid());
    FILE *f = fopen(path, "wb");
    check(f && fwrite(head, 1, sizeof head, f) == sizeof head && fwrite(data, 1, n, f) == n &&
          fclose(f) == 0);
    struct journal_reader *r;
    struct journal_record record;
    struct error err = {0};
    check(journal_open(path, &r, &err));
    unlink(path);
    while (journal_next(r, &record, &err)) {
        struct arena a = {0};
        struct result result;
        struct journal_void *voids;
        size_t n_voids;
        if (journal_result(r, &record, &a, &result, &err))
            check_result(&result);
        journal_voids(&record, &a, &voids, &n_voids, &err);
        arena_free(&a);
    }
    check(journal_whole(r) <= JOURNAL_FIRST + n);
    journal_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    try_body(data, n);
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, data, n);
    mend(copy, n);
    try_file(copy, n);
    free(copy);
    return 0;
}
