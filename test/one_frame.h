/* one_frame.h - fixture of the pipeline's tests: parameters, one file, one workspace. */
#ifndef XFELX_TEST_ONE_FRAME_H
#define XFELX_TEST_ONE_FRAME_H

#include "frames.h"
#include "pipeline/pipeline.h"

static char folder[64];
static struct arena arena;
static struct params *params;
static struct recipe *recipe;
static struct source_list list;
static struct workspace *workspace;

static inline int make(void **state)
{
    (void)state;
    support_folder(folder);
    arena = (struct arena){0};
    params = params_make(&arena);
    return 0;
}

static inline int drop(void **state)
{
    (void)state;
    workspace_free(workspace);
    workspace = NULL;
    source_list_close(&list);
    list = (struct source_list){0}; /* a case may make none */
    arena_free(&arena);
    support_remove(folder);
    return 0;
}

static inline void set(const char *assignment)
{
    struct error err = {0};
    if (!params_merge_argument(params, assignment, &err))
        fail_msg("%s: %s", assignment, err.fact);
}

/* Process one file with the parameters set so far. */
static inline struct result process(char *path)
{
    struct error err = {0};
    struct result out;
    char *inputs[] = {path};
    if (!recipe_make(params, &arena, &recipe, &err) ||
        !source_list_make(inputs, 1, &recipe->source, &arena, &list, &err))
        fail_msg("%s", err.fact);
    workspace = workspace_make(recipe, &list, 3);
    frame_process(recipe, workspace, 0, &out);
    return out;
}

static inline char *path_of(const char *name)
{
    return arena_printf(&arena, "%s/%s", folder, name);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, drop)

#endif
