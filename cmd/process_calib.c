/* process_calib.c - what the recipe read from files, into the store: versions that results may become older than (SCIENCE 21). See
 * process.h. */
#include "cmd/process.h"

#include <string.h>

/* The end of a path, at most 120 bytes: what a file that has no label is known by. */
static const char *label_of_path(struct arena *a, const char *path)
{
    enum { MOST = 120 };
    char visible[NAME_VISIBLE];
    str_visible(fs_absolute(a, path), visible, sizeof visible);
    size_t n = strlen(visible);
    const char *from = n > MOST ? visible + n - MOST : visible;
    while ((*from & 0xc0) == 0x80) /* not in the middle of a character */
        from++;
    from += strspn(from, " ");
    char *label = arena_strdup(a, from);
    for (n = strlen(label); n && label[n - 1] == ' ';)
        label[--n] = 0;
    return label;
}

bool calibrations_note(const struct job *j, struct error *err)
{
    static const struct {
        const char *file, *parameter; /* as the recipe calls it, and who names it */
        int kind;
    } kinds[] = {{"mask", "spotfinder.lookup.mask", CALIB_MASK},
                 {"integration_mask", "integration.lookup.mask", CALIB_MASK},
                 {"geometry", "xfelx.geometry.file", CALIB_GEOMETRY},
                 {"reference", "input.reference_geometry", CALIB_GEOMETRY},
                 {"intensities", "xfelx.reference", CALIB_REFERENCE},
                 {"gain", "xfelx.detector.gain_map", CALIB_GAIN},
                 {"pedestal", "xfelx.detector.pedestal_map", CALIB_PEDESTAL},
                 {"cells", "xfelx.cell.file", CALIB_CELLS}};
    struct store_calib used[RECIPE_FILES];
    size_t n = 0;
    for (size_t i = 0; i < j->recipe->n_files; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            const char *path = param_text(j->params, kinds[k].parameter, NULL);
            if (!path || strcmp(j->recipe->files[i].kind, kinds[k].file) != 0)
                continue;
            used[n] = (struct store_calib){.kind = kinds[k].kind,
                                           .first = -1,
                                           .last = -1,
                                           .path = fs_absolute(&j->cli->arena, path),
                                           .label = label_of_path(&j->cli->arena, path)};
            memcpy(used[n++].hash, j->recipe->files[i].hash, sizeof used->hash);
        }
    return j->stored.finished || store_calib_used(j->store, j->stored.attempt, used, n, err);
}
