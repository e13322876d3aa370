/* doctor_checks.c - the checks of `xfelx doctor`; see doctor.h. */
#include "cmd/doctor.h"

#include "cmd/database.h"
#include "cycle/cycle.h"
#include "net/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const int64_t second = 1000000000;
enum { FILES_WANTED = 1024, SHM_MB_WANTED = 64 };

/* ---- folders ---- */

/* "nfs4", "lustre": kind of the file system that a folder lies on, by its device; "?" where the system does not say. */
static const char *kind_of(struct doctor *d, const char *folder)
{
    char line[4096], kind[64], device[32];
    const char *found = "?";
    struct stat s;
    FILE *f = stat(folder, &s) == 0 ? fopen("/proc/self/mountinfo", "re") : NULL;
    if (!f)
        return found;
    snprintf(device, sizeof device, " %u:%u ", major(s.st_dev), minor(s.st_dev));
    while (fgets(line, sizeof line, f)) {
        const char *rest = strstr(line, " - ");
        if (rest && strstr(line, device) && sscanf(rest + 3, "%63s", kind) == 1)
            found = arena_strdup(d->arena, kind);
    }
    fclose(f);
    return found;
}

static void check_space(struct doctor *d, const char *folder)
{
    struct statvfs v;
    if (statvfs(folder, &v) != 0 || v.f_blocks == 0)
        return;
    double free = (double)v.f_bavail * (double)v.f_frsize / 1e9,
           share = (double)v.f_bavail / (double)v.f_blocks;
    bool low = free < 1 || (share < 0.05 && free < 100);
    doctor_say(d,
               free < 0.1 ? DOCTOR_ILL
               : low      ? DOCTOR_NOTE
                          : DOCTOR_WELL,
               low ? "jobs wait when the disk is full, and go on when there is room" : "",
               "%.1f GB free in %s, on %s", free, folder, kind_of(d, folder));
    if (v.f_files && v.f_favail < 10000)
        doctor_say(d, DOCTOR_NOTE, "", "only %llu more files can be made in %s",
                   (unsigned long long)v.f_favail, folder);
}

static void folders(struct doctor *d)
{
    struct error err = {0};
    const char *data = param_text(d->params, "facility.standalone.data_dir", NULL);
    if (!d->folder) {
        doctor_say(d, DOCTOR_ILL, "`xfelx init` writes the settings", "output_folder is not set");
    } else {
        char *file = arena_printf(d->arena, "%s/.xfelx-doctor-%ld", d->folder, (long)getpid());
        if (!fs_make_folders(d->folder, &err) || !fs_write_atomic(file, "x", 1, &err))
            doctor_say_error(d, &err);
        else
            doctor_say(d, DOCTOR_WELL, "", "%s can be written to", d->folder);
        unlink(file);
        check_space(d, d->folder);
    }
    if (data && access(data, R_OK | X_OK) != 0)
        doctor_say(d, DOCTOR_ILL, "facility.standalone.data_dir names it", "%s cannot be read: %s", data,
                   strerror(errno));
    else if (data)
        doctor_say(d, DOCTOR_WELL, "", "%s can be read", data);
}

/* ---- clocks ---- */

static void say_clock(struct doctor *d, const char *whose, int64_t difference)
{
    double seconds = (double)difference / (double)second;
    bool off = seconds > 2 || seconds < -2;
    doctor_say(
        d, off ? DOCTOR_NOTE : DOCTOR_WELL,
        off ? "nothing is decided across clocks, but times shown may look odd: is this machine's clock kept?"
            : "",
        "the clock of %s is %.1f s %s", whose, seconds < 0 ? -seconds : seconds,
        seconds < 0 ? "behind" : "ahead");
}

/* Of the machine that keeps the files: what time it gives to a new one. */
static void clocks(struct doctor *d)
{
    struct stat s;
    char *file = d->folder ? arena_printf(d->arena, "%s/.xfelx-doctor-%ld", d->folder, (long)getpid()) : NULL;
    int64_t before = clock_now();
    FILE *f = file ? fopen(file, "we") : NULL;
    bool made = f && fputc('x', f) != EOF;
    if (f)
        made = fclose(f) == 0 && made;
    if (made && stat(file, &s) == 0)
        say_clock(d, "the file server", (int64_t)s.st_mtim.tv_sec * second + s.st_mtim.tv_nsec - before);
    else
        doctor_say(d, DOCTOR_NOTE, "", "the file server's clock cannot be asked");
    if (file)
        unlink(file);
    struct snapshot snapshot = {0};
    if (d->store && store_read_snapshot(d->store, d->arena, &snapshot, NULL))
        say_clock(d, "the database", snapshot.now - clock_now());
}

/* ---- database ---- */

static void database(struct doctor *d)
{
    struct error err = {0};
    struct store_options options;
    struct store_about *about = arena_alloc(d->arena, sizeof *about);
    if (!database_options(d->arena, d->params, d->folder ? d->folder : ".", &options, &err))
        doctor_say_error(d, &err);
    else if (options.file && access(options.file, F_OK) != 0)
        doctor_say(d, DOCTOR_NOTE, "`xfelx db init` makes it; so does the first watch or submit",
                   "there is no %s yet", options.file);
    else if (!store_open_existing(&options, false, false, &d->store, &err) ||
             !store_about(d->store, false, about, &err))
        doctor_say_error(d, &err);
    else {
        doctor_say(d, DOCTOR_WELL, "", "%s %s, schema %lld, %.1f MB", about->kind, about->place,
                   (long long)about->schema, (double)about->bytes / 1e6);
        if (about->shared)
            doctor_say(d, DOCTOR_NOTE, "a server (db.host) serves several writers better",
                       "the file lies on %s", about->shared);
        if (*about->tls)
            doctor_say(d, DOCTOR_WELL, "", "encrypted: %s", about->tls);
    }
}

/* ---- scheduler and scripts ---- */

static void scheduler(struct doctor *d)
{
    struct error err = {0};
    struct batch_table t = {.arena = d->arena};
    struct cycle *c = arena_alloc(d->arena, sizeof *c);
    if (!cycle_open(d->params, d->store, d->arena, c, &err)) {
        doctor_say_error(d, &err);
        return;
    }
    d->cycle = c;
    if (c->site.ops->find(&c->site, "xfelx-doctor-asks", clock_now(), &t, &err))
        doctor_say(d, DOCTOR_WELL, "", "%s answers", c->site.ops->text);
    else
        doctor_say_error(d, &err);
}

/* Is the rendered script one that a shell reads? */
static void scripts(struct doctor *d)
{
    struct error err = {0};
    struct str text = {0};
    struct child_answer a = {0};
    if (!d->cycle) {
        doctor_say(d, DOCTOR_NOTE, "", "not looked at without a scheduler");
        return;
    }
    const char *const argv[] = {"sh", "-n", NULL};
    bool good = cycle_sample_script(d->cycle, &text, &err);
    good = good &&
           child_run(&(struct child){.argv = argv, .input = text.text, .n_input = text.len, .seconds = 10},
                     &a, &err);
    if (!good)
        doctor_say_error(d, &err);
    else if (a.exit_code != 0)
        doctor_say(d, DOCTOR_ILL, "`xfelx submit --show-script` shows it",
                   "sh cannot read the job script: %s", a.err.text ? a.err.text : "");
    else
        doctor_say(d, DOCTOR_WELL, "", "the job script of %s can be made", d->cycle->scheduler);
    child_answer_free(&a);
    str_free(&text);
}

static void launch(struct doctor *d)
{
    static const char *const arguments[] = {"doctor", "--rank", NULL};
    struct error err = {0};
    struct str says = {0};
    if (d->wait <= 0) {
        doctor_say(d, DOCTOR_NOTE, "", "not tried; --mpi submits a job of two ranks");
    } else if (!d->cycle) {
        doctor_say(d, DOCTOR_ILL, "", "cannot be tried without a scheduler");
    } else if (!cycle_rehearse(d->cycle, arguments, d->wait, &says, &err)) {
        doctor_say_error(d, &err);
    } else if (!says.text || !strstr(says.text, "rank 0 of 2")) {
        doctor_say(
            d, DOCTOR_ILL,
            "the launcher and this program do not speak with each other: mp.mpi_command, doc/VENDOR.md 3.2",
            "two ranks were asked for; the job said \"%s\"", says.text ? says.text : "");
    } else {
        doctor_say(d, DOCTOR_WELL, "", "a job of two ranks ran and its ranks found each other");
    }
    str_free(&says);
}

/* ---- this machine ---- */

static void machine(struct doctor *d)
{
    struct rlimit files;
    struct statvfs shm;
    doctor_say(d, DOCTOR_WELL, "", "%s, %d cores may be used", proc_host(d->arena), proc_cpus());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_WANTED)
        doctor_say(d, DOCTOR_NOTE, "ulimit -n 4096", "only %llu files may be open at once",
                   (unsigned long long)files.rlim_cur);
    if (statvfs("/dev/shm", &shm) == 0 && shm.f_bavail * shm.f_frsize >> 20 < SHM_MB_WANTED)
        doctor_say(d, DOCTOR_NOTE, "ranks on one node use files instead, which is slower",
                   "/dev/shm has less than %d MB", SHM_MB_WANTED);
}

/* Certificates that a setting names: those of this machine's bundle may have ended, others there have not. */
static void check_ends(struct doctor *d, const char *setting)
{
    enum { SOON = 30 * 86400 };
    const char *path = param_text(d->params, setting, NULL);
    struct bytes b = {0};
    struct error err = {0};
    int64_t end = 0, now = clock_now() / second;
    char date[32];
    if (!path || !*path)
        return;
    if (!fs_read(path, 16 << 20, &b, &err)) {
        doctor_say_error(d, &err);
        return;
    }
    size_t n = net_cert_ends(arena_strndup(d->arena, (const char *)b.data, b.size), &end);
    bytes_free(&b);
    clock_text(end * second, date);
    if (n == 0)
        doctor_say(d, DOCTOR_ILL, arena_printf(d->arena, "%s names it", setting), "%s holds no certificate",
                   path);
    else
        doctor_say(d,
                   end < now          ? DOCTOR_ILL
                   : end < now + SOON ? DOCTOR_NOTE
                                      : DOCTOR_WELL,
                   end < now + SOON ? "ask for a new one" : "", "%s %s until %.10s", path,
                   end < now ? "was valid" : "is valid", date);
}

static void certificates(struct doctor *d)
{
    static const char *const settings[] = {"xfelx.tls.ca_file", "db.ca", "db.cert"};
    char path[4096];
    struct error err = {0};
    if (net_ca_file(param_text(d->params, "xfelx.tls.ca_file", NULL), path, &err))
        doctor_say(d, DOCTOR_WELL, "", "servers are checked against %s", path);
    else
        doctor_say(d, DOCTOR_NOTE, err.hint, "%s", err.fact);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        check_ends(d, settings[i]);
}

/* ---- the facility, and what there is to do ---- */

static void facility(struct doctor *d)
{
    struct error err = {0};
    struct facility_settings s;
    struct observations now = {0};
    if (!facility_settings_read(d->params, d->arena, &s, &err)) {
        doctor_say_error(d, &err);
        return;
    }
    const struct facility_ops *ops = facility_find(s.name);
    if (!s.data_dir && strcmp(s.name, "standalone") == 0)
        doctor_say(d, DOCTOR_NOTE, "set facility.standalone.data_dir",
                   "no folder of data is named: nothing is watched");
    else if (!ops || !ops->list(&s, NULL, &now, &err))
        doctor_say_error(d, &err);
    else
        doctor_say(d, DOCTOR_WELL, "", "%s shows %s", s.name, COUNT(now.n, "run"));
    for (size_t i = 0; i < now.n_notes && i < 5; i++)
        doctor_say(d, DOCTOR_NOTE, "", "%s", now.notes[i]);
    observations_free(&now);
}

static void work(struct doctor *d)
{
    struct snapshot s = {0};
    struct error err = {0};
    size_t trials = 0, groups = 0, uses = 0;
    if (!d->store) {
        doctor_say(d, DOCTOR_NOTE, "", "not known without a database");
        return;
    }
    if (!store_read_snapshot(d->store, d->arena, &s, &err)) {
        doctor_say_error(d, &err);
        return;
    }
    for (size_t i = 0; i < s.n_trials; i++) {
        trials += s.trials[i].active;
        if (s.trials[i].active && s.trials[i].bad_input)
            doctor_say(d, DOCTOR_ILL, "", "trial %u: %s", s.trials[i].num, s.trials[i].bad_input);
    }
    for (size_t i = 0; i < s.n_rungroups; i++) {
        groups += s.rungroups[i].active;
        if (s.rungroups[i].active && s.rungroups[i].bad_input)
            doctor_say(d, DOCTOR_ILL, "", "rungroup %lld: %s", (long long)s.rungroups[i].id,
                       s.rungroups[i].bad_input);
    }
    for (size_t i = 0; i < s.n_uses; i++)
        uses += s.uses[i].active;
    bool idle = !trials || !groups || !uses;
    doctor_say(d, idle ? DOCTOR_NOTE : DOCTOR_WELL,
               idle ? "`xfelx trial add`, `xfelx group add` make them" : "", "%s, %s, %s%s",
               COUNT(trials, "active trial"), COUNT(groups, "active rungroup"), COUNT(s.n_runs, "run"),
               idle ? ": nothing will be submitted" : "");
}

const struct doctor_check doctor_checks[] = {
    {"machine", "cores, limits, shared memory", machine},
    {"folders", "results can be written, data read, room on the disk", folders},
    {"database", "opens, and which it is", database},
    {"clocks", "of the file server and the database", clocks},
    {"certificates", "that servers are checked against, and until when they are valid", certificates},
    {"facility", "shows its runs", facility},
    {"scheduler", "its commands are there and answer", scheduler},
    {"scripts", "a job script can be made and read by a shell", scripts},
    {"launch", "two ranks start and find each other (--mpi)", launch},
    {"work", "active trials and rungroups, files that they name", work},
    {0},
};
