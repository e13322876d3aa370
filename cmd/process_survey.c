/* process_survey.c - the survey of a job, between pipeline/ which knows what it is and parallel/ which knows where: all ranks look
 * at the sample's frames, rank 0 concludes, each adopts. See process.h. */
#include "cmd/process.h"

#include <stdio.h>

static bool next(void *arg, const uint64_t **frames, size_t *n)
{
    struct job *j = arg;
    return survey_next(j->survey, frames, n);
}

static bool take(void *arg, const void *data, size_t n, struct error *err)
{
    struct job *j = arg;
    return survey_take(j->survey, data, n, err);
}

static bool conclude(void *arg, struct str *out, struct error *err)
{
    struct job *j = arg;
    struct finding found = {0};
    const char *text = "";
    bool ok = survey_conclude(j->survey, &found, &j->cli->arena, &text, err) &&
              finding_write_geometry(&found, j->folder, err);
    if (ok) {
        printf("%s\n", text);
        fflush(stdout);
        str_addn(out, found.data, found.size);
    }
    finding_free(&found);
    return ok;
}

static bool adopt(void *arg, const void *data, size_t n, struct error *err)
{
    struct job *j = arg;
    struct finding found = {.data = (void *)(uintptr_t)data, .size = n};
    return recipe_adopt(j->recipe, &found, &j->cli->arena, err);
}

static const struct team_survey survey = {frame_survey, next, take, conclude, adopt};

bool survey_begin(struct job *j, struct error *err)
{
    if (!survey_wanted(j->recipe))
        return true;
    j->survey_how = &survey;
    return farm_rank(j->farm) > 0 ||
           survey_open(j->recipe, &j->list, j->frames, j->n_frames, &j->survey, err);
}
