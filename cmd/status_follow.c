/* status_follow.c - `status --follow`: the screen again every two seconds, until q or a signal. The terminal is left as it was found. */
#include "cmd/status.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { EVERY_MS = 2000 };

static volatile sig_atomic_t ending;

static void on_end(int number)
{
    (void)number;
    ending = 1;
}

void status_size(int *width, int *height)
{
    struct winsize w = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row;
    *width = known ? w.ws_col : 80;
    *height = known ? w.ws_row : 24;
}

static void put(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, text, n);
        if (done <= 0)
            return;
        text += done;
        n -= (size_t)done;
    }
}

/* As much of the text as fits, each line cut to the width and cleared behind it. */
static void draw(const struct str *text, int width, int height)
{
    struct str out = {0};
    const char *p = text->text ? text->text : "";
    str_add(&out, "\033[H");
    for (int line = 0; line < height - 1 && *p; line++) {
        int columns = 0;
        while (*p && *p != '\n') {
            uint32_t code;
            int n = str_utf8(p, &code);
            if (*p == '\033') { /* a colour takes no room */
                n = (int)strcspn(p, "m") + 1;
                columns--;
            }
            n = n > 0 ? n : 1;
            if (columns++ < width)
                str_addn(&out, p, (size_t)n);
            p += n;
        }
        str_add(&out, "\033[K\n");
        p += *p == '\n';
    }
    str_add(&out, "\033[J  q quit  j jobs  o overview");
    put(out.text, out.len);
    str_free(&out);
}

int status_follow(bool (*make)(void *arg, bool jobs, struct str *out, struct error *err), void *arg,
                  struct error *err)
{
    struct termios was, raw;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &was) != 0)
        return error_set(err, ERROR_USAGE, "--follow needs a terminal"),
               error_hint(err, "for programs: xfelx status --json"), cli_fail(err);
    struct sigaction end = {.sa_handler = on_end};
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &end, NULL);
    raw = was;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    put("\033[?1049h\033[?25l", 14);
    bool ok = true, jobs = false;
    while (ok && !ending) {
        int width, height;
        struct str text = {0};
        status_size(&width, &height);
        ok = make(arg, jobs, &text, err) || err->code == ERROR_BUSY; /* away: the old numbers stay */
        if (ok && text.len)
            draw(&text, width, height);
        str_free(&text);
        struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
        char key = 0;
        if (ok && !ending && poll(&in, 1, EVERY_MS) > 0) {
            ending |= read(STDIN_FILENO, &key, 1) != 1 || key == 'q';
            jobs = key == 'j' ? true : key == 'o' ? false : jobs;
        }
    }
    put("\033[?25h\033[?1049l", 14);
    tcsetattr(STDIN_FILENO, TCSANOW, &was);
    return ok ? EXIT_CODE_DONE : cli_fail(err);
}
