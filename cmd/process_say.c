/* process_say.c - what people see of a job while it runs and at its end; see process.h. */
#include "cmd/process.h"

#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- progress and names of failed frames ---- */

enum { NAMES_MAX = 20 };

void say_progress(void *arg, const struct team_progress *p)
{
    struct watch *w = &((struct job *)arg)->watch;
    int64_t now = clock_monotonic();
    if (!w->terminal || (p->done < p->total && now - w->drawn < 200000000))
        return;
    w->drawn = now;
    double rate = p->seconds > 0 ? (double)(p->done - p->earlier) / p->seconds : 0;
    double left = rate > 0 ? (double)(p->total - p->done) / rate : 0;
    fprintf(stderr, "\r\033[K%llu of %s  %.1f/s", (unsigned long long)p->done, COUNT(p->total, "frame"),
            rate);
    if (p->done < p->total && rate > 0)
        fprintf(stderr, "  %d:%02d left", (int)(left / 60), (int)fmod(left, 60));
    fprintf(stderr, "  %s  %llu indexed", COUNT(p->hits, "hit"), (unsigned long long)p->indexed);
    if (p->failed)
        fprintf(stderr, "  %llu failed", (unsigned long long)p->failed);
    fflush(stderr);
}

/* "shots.h5 frame 3"; hostile names made harmless. The first frame goes without its number: most files have but one. */
static void add_frame(struct str *line, const char *path, uint32_t frame)
{
    char name[NAME_VISIBLE];
    str_add(line, str_visible(fs_name(path), name, sizeof name));
    if (frame)
        str_printf(line, " frame %u", frame);
}

/* Does the message say by itself which frame it is about? */
static bool names_frame(const struct result *r)
{
    char number[32];
    snprintf(number, sizeof number, "frame %u", r->id.frame);
    return strstr(r->message, fs_name(r->id.path)) &&
           (r->id.single || r->id.frame == 0 || strstr(r->message, number));
}

/* One line a failed frame, up to NAMES_MAX of them: a run whose data file is missing would fill the screen with thousands. Most
 * messages name their file; those that do not get it in front. */
void say_failed(void *arg, const struct result *r)
{
    struct watch *w = &((struct job *)arg)->watch;
    if (w->n_failed++ >= NAMES_MAX)
        return;
    struct str line = {0};
    str_add(&line, w->terminal ? "\r\033[Kfailed: " : "failed: ");
    if (!names_frame(r)) {
        add_frame(&line, r->id.path, r->id.single ? 0 : r->id.frame);
        str_add(&line, ": ");
    }
    str_add(&line, *r->message ? r->message : reason_help(r->reason));
    str_add(&line, w->n_failed == NAMES_MAX
                       ? "\nfailed: … further ones are counted; xfelx status names them\n"
                       : "\n");
    fputs(line.text, stderr);
    str_free(&line);
}

/* ---- begin and end ---- */

void say_start(const struct job *j)
{
    char folder[4096];
    uint32_t ranks = farm_ranks(j->farm);
    struct str team = {0};
    if (ranks > 1)
        str_printf(&team, "%s × ", COUNT(ranks, "rank"));
    str_printf(&team, "%s", COUNT(j->n_threads, "thread"));
    fprintf(stderr, "%s of %s, trial %.16s, %s, results in %s\n", COUNT(j->n_frames, "frame"),
            COUNT(j->list.n_sources, "file"), j->recipe->hash_hex, team.text,
            str_visible(j->folder, folder, sizeof folder));
    if (j->resume.done.done)
        fprintf(stderr, "%llu of them are done already%s\n", (unsigned long long)j->resume.done.done,
                j->resume.done.failed
                    ? "; those that failed are not tried again, but in another output.output_dir"
                    : "");
    str_free(&team);
    if (j->recipe->no_index && !j->recipe->find_cell)
        log_warn("frames are not indexed: %s; give indexing.known_symmetry.unit_cell=a,b,c,alpha,beta,gamma "
                 "and .space_group=",
                 j->recipe->no_index);
    if (j->recipe->ambiguity_text)
        fprintf(stderr, "indexing is ambiguous, hkl may be %s: %s\n", j->recipe->ambiguity_text,
                j->recipe->resolve ? "resolved by the reference" : "to be resolved in merging");
}

/* ": shot_4.cbf, run12.h5 frame 7": the failed frames of the job in the order of the list. */
static void add_failed_names(const struct job *j, struct str *out)
{
    struct store_failed *failed = NULL;
    struct error err = {0};
    size_t n = 0;
    if (!store_failures(j->store, j->stored.job, NAMES_MAX + 1, &j->cli->arena, &failed, &n, &err))
        return;
    for (size_t i = 0; i < n && i < NAMES_MAX; i++) {
        str_add(out, i ? ", " : ": ");
        add_frame(out, failed[i].path, failed[i].frame);
    }
    if (n > NAMES_MAX)
        str_add(out, ", …");
}

void say_end(const struct job *j, const struct team_progress *p)
{
    char text[96];
    struct rate hits = rate_of(p->hits, p->done - p->failed), indexed = rate_of(p->indexed, p->hits);
    if (j->watch.terminal)
        fprintf(stderr, "\r\033[K");
    struct str out = {0};
    str_printf(&out, "hits       %s\n", rate_text(&hits, text));
    str_printf(&out, "indexed    %s", rate_text(&indexed, text));
    if (p->below)
        str_printf(&out, ", and %s", COUNT(p->below, "weak frame"));
    str_printf(&out, "\nintegrated %s, %s\n", COUNT(p->integrated, "frame"), COUNT(p->lattices, "lattice"));
    double mine = (double)(p->done - p->earlier); /* of this attempt */
    str_printf(&out, "time       %.1f s, %.1f frames/s, %.2f CPU s a frame\n", p->seconds,
               p->seconds > 0 ? mine / p->seconds : 0, mine > 0 ? p->cpu_seconds / mine : 0);
    if (farm_ranks(j->farm) > 1)
        str_printf(&out, "ranks      %u, %s (%.2f a frame), threads idle %.1f %%\n", farm_ranks(j->farm),
                   COUNT(p->messages, "message"), mine > 0 ? (double)p->messages / mine : 0, 100 * p->idle);
    if (p->doubles)
        str_printf(&out, "%llu frame%s done twice, since their rank was away; one result of each is used\n",
                   (unsigned long long)p->doubles, p->doubles == 1 ? " was" : "s were");
    if (p->behind)
        str_add(&out,
                "the database could not be reached: rows are in the journals; the same command puts them "
                "there\n");
    if (p->done < p->total)
        str_printf(&out, "stopped after %llu of %s; the same command goes on\n", (unsigned long long)p->done,
                   COUNT(p->total, "frame"));
    str_printf(&out, "%llu done, %llu failed", (unsigned long long)(p->done - p->failed),
               (unsigned long long)p->failed);
    add_failed_names(j, &out);
    str_addc(&out, '\n');
    cli_print(&out);
    str_free(&out);
}

/* Somebody is at it already: what was asked for is being done. */
int say_elsewhere(const struct error *err)
{
    struct str out = {0};
    str_printf(&out, "nothing to do: %s (%s)\n", err->fact, err->hint);
    cli_print(&out);
    str_free(&out);
    return EXIT_CODE_DONE;
}
