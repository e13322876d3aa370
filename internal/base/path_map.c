/* path_map.c - the longest FROM wins; see path_map.h. */
#include "base/path_map.h"

#include <string.h>

static size_t without_slashes(const char *text, size_t n)
{
    while (n > 0 && text[n - 1] == '/')
        n--;
    return n;
}

bool path_map_find(const char *const *maps, const char *path, struct path_move *out)
{
    bool found = false;
    for (; maps && *maps; maps++) {
        const char *equal = strchr(*maps, '=');
        if (!equal || equal == *maps)
            continue;
        size_t n = without_slashes(*maps, (size_t)(equal - *maps));
        if ((found && n <= out->n_from) || strncmp(path, *maps, n) != 0)
            continue;
        if (path[n] != '/' && (n == 0 || path[n]))
            continue;
        found = true;
        *out = (struct path_move){n, without_slashes(equal + 1, strlen(equal + 1)), equal + 1};
    }
    return found;
}

char *path_map(struct arena *a, const char *const *maps, const char *path)
{
    struct path_move m;
    if (!path_map_find(maps, path, &m))
        return arena_strdup(a, path);
    const char *rest = path + m.n_from;
    return arena_printf(a, "%.*s%s", (int)m.n_to, m.to, m.n_to || *rest ? rest : "/");
}

bool path_map_check(const char *const *maps, const char *name, struct error *err)
{
    for (; maps && *maps; maps++)
        if (**maps == '=' || !strchr(*maps, '='))
            return error_set(err, ERROR_USAGE, "%s = %s is not of the form FROM=TO", name, *maps);
    return true;
}
