/* tune.c - `xfelx tune`: would other parameters do better? The real stages on one frame or some, before and after. */
#include "cmd/tune.h"

#include "cmd/book.h"

#include <sys/resource.h>
#include <unistd.h>

bool tune_limits(const struct cli *cli, struct error *err)
{
    int64_t mib, seconds;
    if (!cli_int(cli, "memory", 256, INT32_MAX, 0, &mib, err) ||
        !cli_int(cli, "seconds", 1, 86400, 0, &seconds, err))
        return false;
    struct rlimit memory = {(rlim_t)mib << 20, (rlim_t)mib << 20},
                  cpu = {(rlim_t)seconds, (rlim_t)seconds + 1}, none = {0, 0};
    if (mib)
        setrlimit(RLIMIT_AS, &memory);
    if (seconds) {
        setrlimit(RLIMIT_CPU, &cpu);
        setrlimit(RLIMIT_CORE, &none);
        alarm((unsigned)seconds);
    }
    return true;
}

static int run(struct cli *cli)
{
    struct error err = {0};
    struct tune t = {.cli = cli, .a = &cli->arena};
    struct str out = {0};
    if (!tune_limits(cli, &err))
        return cli_misuse(cli, &err);
    if (!source_helper_start(&err))
        log_warn("%s", err.fact);
    bool ok = tune_read(&t, &err) && tune_run(&t, &err);
    if (ok)
        (cli_has(cli, "json") ? tune_json : tune_text)(&t, &out);
    for (int k = 0; k < 2; k++)
        source_list_close(&t.way[k].list);
    source_helper_stop();
    cli_print(&out);
    str_free(&out);
    return ok ? EXIT_CODE_DONE : cli_fail(&err);
}

static const struct option_row options[] = {
    {0, "try", "N", "the frame and N - 1 more of its job that were hits, always the same ones; default 1"},
    {0, "phil", "FILE", "changes in a parameter file, whatever its name"},
    {0, "changes", "TEXT", "changes as text of a parameter file"},
    {0, "journal", "FILE", "look into this journal instead of the database; FRAME is then SOURCE/FRAME"},
    {0, "memory", "MIB", "end when more memory than this is asked for"},
    {0, "seconds", "S", "end after this time"},
    BOOK_JSON,
    BOOK_OPTIONS,
    {0},
};

const struct command command_tune = {
    .name = "tune",
    .summary = "try other parameters on frames that were processed",
    .usage = "[OPTIONS] JOB/SOURCE/FRAME [PARAMETERS.phil] [NAME=VALUE]...",
    .text =
        "Processes a frame of a job twice, with the job's own parameters and with the changes, and shows "
        "both: "
        "spots, lattices, residuals, reflections, time. Nothing is kept: no result, no row, no trial.\n\n"
        "With --try, more frames of the same rank that were hits: how many are indexed one way and the "
        "other, "
        "the difference with its 95 % interval, and how likely chance alone would part them so (McNemar). "
        "The "
        "score is what is asked for: lattices, less those that are expected to be false by their evidence; a "
        "higher indexing rate alone may be bought with wrong lattices. The frames are those that were hits, "
        "so a "
        "lower threshold is not credited with hits that it would find among the blank ones.\n\n"
        "What the job's survey found (geometry, cell) is used both times, unless the changes are about "
        "geometry.",
    .options = options,
    .examples =
        (const struct example[]){
            {"xfelx tune 12/0/7 spotfinder.threshold.dispersion.gain=2", "one frame, before and after"},
            {"xfelx tune 12/0/7 spotfinder.threshold.dispersion.gain=2 --try 50", "is it better in general?"},
            {"xfelx trial copy 3 spotfinder.threshold.dispersion.gain=2", "then make a trial of it"},
            {0},
        },
    .run = run,
};
