/* process_survey.c - the survey of a job, between pipeline/ which knows what it is and parallel/ which knows where: all ranks look
 * at the sample's frames, rank 0 concludes, each adopts. See process.h. */
#include "cmd/process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool next(void *arg, const uint64_t **frames, size_t *n)
{
    struct job *j = arg;
    return !j->kept.data && survey_next(j->survey, frames, n);
}

static bool take(void *arg, const void *data, size_t n, struct error *err)
{
    struct job *j = arg;
    return survey_take(j->survey, data, n, err);
}

/* What `xfelx tune` begins with, long after the job: beside the journals, of which it is a part. That it fails does the job no harm. */
static void keep_for_later(const struct job *j, const struct finding *f, const char *text)
{
    struct error err = {0};
    if (!finding_keep(f, j->recipe->hash, text, finding_place(&j->cli->arena, j->journals, j->recipe), &err))
        log_warn("%s", err.fact);
}

/* The finding of this attempt, or of an earlier one: the frames that were done then were done with it. */
static bool find(struct job *j, struct str *out, const char **text, struct error *err)
{
    struct finding found = {0};
    if (j->kept.data) {
        *text = j->kept_text;
        str_addn(out, j->kept.data, j->kept.size);
        keep_for_later(j, &j->kept, j->kept_text);
        return finding_write_geometry(&j->kept, j->folder, err);
    }
    bool ok = survey_conclude(j->survey, &found, &j->cli->arena, text, err) &&
              finding_write_geometry(&found, j->folder, err) &&
              finding_keep(&found, j->finding_key, *text, j->finding_path, err);
    if (ok) {
        str_addn(out, found.data, found.size);
        keep_for_later(j, &found, *text);
    }
    finding_free(&found);
    return ok;
}

static bool conclude(void *arg, struct str *out, struct error *err)
{
    struct job *j = arg;
    const char *text = "";
    if (!find(j, out, &text, err))
        return false;
    printf("%s%s\n", text, j->kept.data ? " (from the attempt before)" : "");
    fflush(stdout);
    return true;
}

static bool adopt(void *arg, const void *data, size_t n, struct error *err)
{
    struct job *j = arg;
    struct finding found = {.data = (void *)(uintptr_t)data, .size = n};
    return recipe_adopt(j->recipe, &found, &j->cli->arena, err);
}

static const struct team_survey survey = {frame_survey, next, take, conclude, adopt};

/* A finding is one of a recipe, of the files by name, and of a program. */
static void name_finding(struct job *j)
{
    struct arena *a = &j->cli->arena;
    const char *program = arena_printf(a, "%s %s", version_number(), version_commit());
    uint8_t run[32];
    struct sha256 h;
    inputs_run_hash(a, &j->list, run);
    sha256_start(&h);
    sha256_add(&h, j->recipe->hash, sizeof j->recipe->hash);
    sha256_add(&h, run, sizeof run);
    sha256_add(&h, program, strlen(program));
    sha256_end(&h, j->finding_key);
    j->finding_path = fs_join(a, j->folder, arena_printf(a, ".xfelx/finding-%.16s", j->recipe->hash_hex));
}

const char *finding_place(struct arena *a, const char *journals, const struct recipe *r)
{
    return fs_join(a, journals, arena_printf(a, "finding-%.16s", r->hash_hex));
}

bool survey_begin(struct job *j, struct error *err)
{
    if (!survey_wanted(j->recipe))
        return true;
    j->survey_how = &survey;
    if (farm_rank(j->farm) > 0)
        return true;
    name_finding(j);
    return finding_kept(j->finding_key, j->finding_path, &j->cli->arena, &j->kept, &j->kept_text) ||
           survey_open(j->recipe, &j->list, j->frames, j->n_frames, &j->survey, err);
}

void survey_end(const struct job *j)
{
    if (!j->finding_path)
        return;
    unlink(j->finding_path);
    rmdir(fs_folder(&j->cli->arena, j->finding_path)); /* stays when others have files in it */
}
