/* main.c - the program: its table of commands, and what has to be right before and after any of them. */
#include "cmd/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct command command_init, command_process, command_watch, command_submit, command_status,
    command_report, command_image, command_simulate, command_doctor, command_db, command_completion,
    command_runs, command_tag, command_trial, command_group, command_dataset, command_task, command_job,
    command_calib, command_tune, command_mask, command_log;

static const struct command *const commands[] = {
    &command_init,   &command_process,    &command_watch, &command_submit,
    &command_status, &command_report,     &command_image, &command_simulate,
    &command_doctor, &command_runs,       &command_tag,   &command_trial,
    &command_group,  &command_dataset,    &command_task,  &command_job,
    &command_tune,   &command_mask,       &command_calib, &command_log,
    &command_db,     &command_completion, NULL,
};

static const struct option_row options[] = {
    {0, "version", NULL, "version, commit and libraries of this program"},
    {0, "licenses", NULL, "licences of the program and of everything in it"},
    {0, "commands", NULL, "names of the commands, one a line"},
    {0, "man", "[COMMAND]", "manual page in roff, for man -l -"},
    {0},
};

static const struct program program = {
    .name = "xfelx",
    .summary = "serial femtosecond crystallography, from images to reflections",
    .commands = commands,
    .options = options,
};

/* A program started with a closed stdin, stdout or stderr would get these numbers for the next file it opens, and write its
 * messages into that file. They are opened so that using them still fails as it should (reading from stdout's). */
static void keep_standard_files(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) < 0)
            _exit(EXIT_CODE_FAILED);
}

int main(int argc, char **argv)
{
    keep_standard_files();
    signal(SIGPIPE, SIG_IGN);
    unsetenv("HDF5_EXT_PREFIX"); /* external links are resolved by our own rules only */
    return cli_finish(program_run(&program, argc, argv));
}
