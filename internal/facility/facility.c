/* facility.c - the table of facilities, their settings, and small questions about them. */
#include "facility/facility.h"

#include "facility/directory.h"
#include "facility/lcls.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

static const struct facility_ops facilities[] = {
    {"standalone", directory_list},
    {"lcls", lcls_list},
};

const struct facility_ops *facility_find(const char *name)
{
    for (size_t i = 0; i < sizeof facilities / sizeof *facilities; i++)
        if (strcmp(name, facilities[i].name) == 0)
            return &facilities[i];
    return NULL;
}

void observations_free(struct observations *o)
{
    arena_free(&o->arena);
    *o = (struct observations){0};
}

const struct observation *observations_find(const struct observations *o, const char *path)
{
    size_t from = 0, end = o->n;
    while (from < end) {
        size_t middle = from + (end - from) / 2;
        int order = strcmp(o->at[middle].path, path);
        if (order == 0)
            return &o->at[middle];
        if (order < 0)
            from = middle + 1;
        else
            end = middle;
    }
    return NULL;
}

/* Locations where files are written in place: there a run may start as soon as it is closed (CCTBX_XFEL 4.2). */
static bool in_place(const char *location)
{
    static const char *const places[] = {"SLAC", "SLACFFB", "SRCF_FFB", "SDF", "S3DF"};
    for (size_t i = 0; location && i < sizeof places / sizeof *places; i++)
        if (strcmp(location, places[i]) == 0)
            return true;
    return false;
}

bool facility_may_start(const struct facility_settings *s, const struct observation *o)
{
    bool complete = s->start_at ? strcmp(s->start_at, "complete") == 0
                                : s->name && strcmp(s->name, "lcls") == 0 && in_place(s->location);
    return o->n_here > 0 && (o->state == RUN_PRESENT || (complete && o->state == RUN_TRANSFERRING));
}

double facility_wait(const struct facility_settings *s, enum net_class class, unsigned failures,
                     uint64_t dice)
{
    if (failures == 0)
        return s->poll;
    double wait = net_backoff(10, 300, failures, dice);
    return class == NET_DENIED && wait < 60
               ? 60
               : wait; /* a wrong password asked again and again locks the account */
}

static bool read_auth(const struct params *p, struct facility_settings *s, struct error *err)
{
    const char *kind = param_text(p, "facility.auth", "none");
    static const struct {
        const char *word;
        enum net_auth_kind kind;
    } kinds[] = {{"none", NET_AUTH_NONE},
                 {"basic", NET_AUTH_BASIC},
                 {"bearer", NET_AUTH_BEARER},
                 {"header", NET_AUTH_HEADER}};
    s->auth.file = param_text(p, "facility.auth_file", NULL);
    s->auth.user = param_text(p, "facility.lcls.web.user", NULL);
    s->auth.password = param_text(p, "facility.lcls.web.password", NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i].word) == 0)
            return s->auth.kind = kinds[i].kind, true;
    error_set(err, ERROR_USAGE, "facility.auth = %s cannot be had in a static program", kind);
    return error_hint(err,
                      "facility.auth=header with a file that holds the value of the Authorization header");
}

/* It becomes a part of addresses: no other characters are in names of experiments, and "../x" would ask for something else. */
static bool check_experiment(const char *name, struct error *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    char shown[NAME_VISIBLE];
    if (name[strspn(name, good)] == 0)
        return true;
    error_set(err, ERROR_USAGE, "facility.lcls.experiment = \"%.80s\" is no name of an experiment",
              str_visible(name, shown, sizeof shown));
    return error_hint(err, "letters, digits, - and _, as cxilw5019");
}

bool facility_settings_read(const struct params *p, struct arena *a, struct facility_settings *s,
                            struct error *err)
{
    const char *const *maps = NULL;
    size_t n = param_texts(p, "facility.path_map", &maps);
    const char **map = arena_array(a, n + 1, sizeof *map);
    *s = (struct facility_settings){
        .name = param_text(p, "facility.name", "standalone"),
        .data_dir = param_text(p, "facility.standalone.data_dir", NULL),
        .template = param_text(p, "facility.standalone.template", NULL),
        .regex = param_text(p, "facility.standalone.regex", NULL),
        .manifest = param_text(p, "facility.standalone.manifest", NULL),
        .folders = strcmp(param_text(p, "facility.standalone.monitor_for", "files"), "folders") == 0,
        .composite = param_bool(p, "facility.standalone.composite_files", true),
        .need_status =
            strcmp(param_text(p, "facility.standalone.folders.method", "status_file"), "status_file") == 0,
        .depth = (int)param_int(p, "facility.standalone.depth", 1),
        .n_files_needed = (size_t)param_int(p, "facility.standalone.folders.n_files_needed", 0),
        .settle = param_real(p, "facility.standalone.files.last_modified", 10),
        .min_size = (uint64_t)param_int(p, "facility.standalone.files.minimum_file_size", 0),
        .experiment = param_text(p, "facility.lcls.experiment", ""),
        .url = param_text(p, "facility.lcls.url", NULL),
        .root = param_text(p, "facility.lcls.root", NULL),
        .files = param_text(p, "facility.lcls.files", NULL),
        .location = param_text(p, "facility.lcls.web.location", "SLAC"),
        .enforce80 = param_bool(p, "facility.lcls.web.enforce80", false),
        .enforce81 = param_bool(p, "facility.lcls.web.enforce81", false),
        .stable_polls = (int)param_int(p, "facility.stable_polls", 3),
        .poll = param_real(p, "facility.poll", 30),
        .empty_grace = param_real(p, "facility.empty_grace", 600),
        .ca_file = param_text(p, "xfelx.tls.ca_file", NULL),
        .start_at = param_text(p, "facility.start_at", NULL),
        .path_map = map,
    };
    for (size_t i = 0; i < n; i++)
        map[i] = maps[i];
    /* runs are known by these paths on every machine and in every folder */
    s->data_dir = s->data_dir ? fs_absolute(a, s->data_dir) : NULL;
    s->root = s->root ? fs_absolute(a, s->root) : NULL;
    return check_experiment(s->experiment, err) && path_map_check(map, "facility.path_map", err) &&
           read_auth(p, s, err);
}

struct watching {
    int fd;
    const char *data_dir;
};

static void add_watch(void *arg, const struct seen_folder *f)
{
    const uint32_t what = IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB;
    const struct watching *w = arg;
    struct arena a = {0};
    inotify_add_watch(w->fd, fs_join(&a, w->data_dir, f->path), what);
    arena_free(&a);
}

/* Folders that are watched for changes; more than the kernel grants is simply not told. */
static void add_watches(int fd, const struct facility_settings *s)
{
    struct watching w = {fd, s->data_dir};
    struct directory_scan scan = {.take = add_watch, .arg = &w};
    struct error err = {0};
    directory_scan(s, &scan, &err);
}

/* Does what was told matter? Our own clock file does not. */
static bool matters(int fd)
{
    _Alignas(struct inotify_event) char told[8192];
    bool any = false;
    for (ssize_t n; (n = read(fd, told, sizeof told)) > 0;)
        for (char *at = told; at < told + n;
             at += sizeof(struct inotify_event) + ((struct inotify_event *)(void *)at)->len) {
            const struct inotify_event *e = (const void *)at;
            any = any || e->len == 0 || e->name[0] != '.';
        }
    return any;
}

bool facility_watch(int *fd, const struct facility_settings *s, double seconds)
{
    int64_t end = clock_monotonic() + (int64_t)(seconds * 1e9);
    if (*fd < 0) {
        *fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (*fd >= 0 && s->data_dir)
            add_watches(*fd, s);
    }
    for (int64_t left; (left = end - clock_monotonic()) > 0;) {
        struct pollfd p = {*fd, POLLIN, 0};
        int n = poll(&p, 1, (int)(left / 1000000 + 1));
        if (n < 0 && errno == EINTR)
            return false;
        if (n > 0 && matters(*fd)) {
            add_watches(*fd, s); /* folders that are new */
            return true;
        }
    }
    return false;
}
