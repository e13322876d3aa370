/* inputs.c - see inputs.h. */
#include "cmd/inputs.h"

#include "source/source.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const inputs_names[INPUTS_FILES] = {
    "input.reference_geometry", "spotfinder.lookup.mask",  "integration.lookup.mask",     "xfelx.reference",
    "xfelx.geometry.file",      "xfelx.detector.gain_map", "xfelx.detector.pedestal_map", "xfelx.cell.file"};

static bool mask_good(const char *path, const struct detector *d, struct arena *a, struct error *err)
{
    uint8_t *mask;
    if (access(path, R_OK) != 0)
        return error_system(err, ERROR_UNREADABLE, "cannot open the mask %s", path);
    return d ? source_mask_read(path, d, a, &mask, err) : source_mask_check(path, err);
}

static bool map_good(const char *path, enum source_map_kind kind, const struct detector *d, struct arena *a,
                     struct error *err)
{
    struct source_map map;
    return !path || (d ? source_map_read(path, kind, d, a, &map, err) : source_map_check(path, kind, err));
}

bool inputs_open(const struct params *p, struct arena *a, struct recipe **out, struct error *err)
{
    struct arena work = {0};
    *out = NULL;
    if (!source_helper_start(err))
        return false;
    bool ok = recipe_make(p, a, out, err);
    const struct recipe *r = ok ? *out : NULL;
    const char *const masks[] = {r ? r->mask_spots_path : NULL, r ? r->mask_integration_path : NULL};
    for (size_t i = 0; ok && i < 2; i++)
        ok = !masks[i] || mask_good(masks[i], r->source.reference, &work, err);
    ok = ok && map_good(r->gain_path, SOURCE_MAP_GAIN, r->source.reference, &work, err) &&
         map_good(r->pedestal_path, SOURCE_MAP_PEDESTAL, r->source.reference, &work, err);
    *out = ok || r ? *out : NULL;
    source_helper_stop();
    arena_free(&work);
    return ok;
}

/* ---- what was found, kept ---- */

enum { KEPT = 1024, AGAIN_SECONDS = 60 }; /* parameters that are remembered at once */

struct stamp { /* of a file; zeros: it is not there */
    uint64_t device, inode;
    int64_t size, modified, changed;
};

struct inputs_kept {
    uint8_t phil[32];
    struct stamp stamps[INPUTS_FILES];
    int64_t t; /* monotonic */
    bool good;
    char why[512];
};

static struct stamp stamp_of(struct arena *a, const char *path)
{
    struct stat st;
    const char *inside;
    if (!path || !*path || stat(fs_file_of(a, path, &inside), &st) != 0)
        return (struct stamp){0};
    return (struct stamp){.device = (uint64_t)st.st_dev,
                          .inode = (uint64_t)st.st_ino,
                          .size = (int64_t)st.st_size,
                          .modified = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
                          .changed = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec};
}

/* The place of these parameters: the one that they have, a new one, or the oldest when there are too many. */
static struct inputs_kept *place_of(struct inputs *s, const uint8_t phil[32])
{
    struct inputs_kept *oldest = s->at;
    for (size_t i = 0; i < s->n; i++) {
        if (memcmp(s->at[i].phil, phil, 32) == 0)
            return &s->at[i];
        oldest = s->at[i].t < oldest->t ? &s->at[i] : oldest;
    }
    if (s->n < KEPT) {
        s->at = arena_grow(&s->arena, s->at, s->n, sizeof *s->at);
        oldest = &s->at[s->n++];
    }
    *oldest = (struct inputs_kept){0};
    memcpy(oldest->phil, phil, 32);
    return oldest;
}

static bool still_holds(const struct inputs_kept *k, const struct stamp now[INPUTS_FILES])
{
    return k->t && memcmp(k->stamps, now, sizeof k->stamps) == 0 &&
           (k->good || clock_monotonic() - k->t < (int64_t)AGAIN_SECONDS * 1000000000);
}

bool inputs_seen(struct inputs *s, const char *phil, char *why, size_t room)
{
    struct arena a = {0};
    struct error err = {0};
    struct recipe *r;
    struct stamp now[INPUTS_FILES] = {{0}};
    uint8_t hash[32];
    struct params *p = params_make(&a);
    bool good = params_merge_text(p, "parameters of the job", phil, &err);
    for (size_t i = 0; good && i < INPUTS_FILES; i++)
        now[i] = stamp_of(&a, param_text(p, inputs_names[i], NULL)); /* before they are opened */
    sha256(phil, strlen(phil), hash);
    struct inputs_kept *k = place_of(s, hash);
    if (!still_holds(k, now)) {
        k->good = good && inputs_open(p, &a, &r, &err);
        k->t = clock_monotonic();
        memcpy(k->stamps, now, sizeof k->stamps);
        if (!k->good)
            error_line(&err, k->why, sizeof k->why);
    }
    snprintf(why, room, "%s", k->good ? "" : k->why);
    arena_free(&a);
    return k->good;
}

void inputs_free(struct inputs *s)
{
    arena_free(&s->arena);
    *s = (struct inputs){0};
}
