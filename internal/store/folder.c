/* folder.c - see folder.h. */
#include "store/folder.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* \xHH as the byte. In place. */
static void to_bytes(char *text)
{
    char *to = text;
    for (const char *p = text; *p; to++) {
        if (p[0] == '\\' && p[1] == 'x' && isxdigit((unsigned char)p[2]) && isxdigit((unsigned char)p[3])) {
            *to = (char)strtol((char[]){p[2], p[3], 0}, NULL, 16);
            p += 4;
        } else {
            *to = *p++;
        }
    }
    *to = 0;
}

/* Journals of a job, alone or of a campaign. */
static bool has_results(struct arena *a, const char *folder)
{
    return fs_is_folder(fs_join(a, folder, ".xfelx")) || fs_is_folder(fs_join(a, folder, "journal"));
}

/* All jobs recorded the same folder? */
static bool is_only_folder(struct sql *s)
{
    int64_t n = 0;
    return sql_number(s, &n, 0, NULL, "SELECT count(DISTINCT folder) FROM job", "") && n == 1;
}

/* Beside the database; NULL: not there. */
static const char *beside(struct sql *s, const char *recorded, struct arena *a)
{
    const char *place = fs_folder(a, s->options.file);
    for (const char *end = strchr(recorded + (*recorded == '/'), '/'); end; end = strchr(end + 1, '/'))
        if (has_results(a, fs_join(a, place, end + 1)))
            return fs_join(a, place, end + 1);
    return has_results(a, place) && is_only_folder(s) ? place : NULL;
}

void folder_now(struct sql *s, const char *recorded, char out[FOLDER_MAX])
{
    struct arena a = {0};
    snprintf(out, FOLDER_MAX, "%s", recorded);
    if (!fs_is_folder(out))
        to_bytes(out);
    if (!fs_is_folder(out) && s->options.file) {
        const char *moved = beside(s, out, &a);
        if (moved)
            snprintf(out, FOLDER_MAX, "%s", moved);
    }
    if (!fs_is_folder(out))
        snprintf(out, FOLDER_MAX, "%s", recorded);
    arena_free(&a);
}
