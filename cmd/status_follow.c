/* status_follow.c - `status --follow`: the screen again every two seconds, and at each key and change of the window's size. Only lines that
 * changed are written, for the sake of slow ways. However it ends, but by kill -9, the terminal is left as it was found. */
#include "cmd/status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { PATIENCE_MS = 200 };
#define SECOND INT64_C(1000000000)
#define EVERY (2 * SECOND)

/* What a handler of signals must know; a process follows once. */
static struct termios was, raw;
static volatile sig_atomic_t anew; /* nothing of the screen is known to be there */

static void put(const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(STDOUT_FILENO, text, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        text += done;
        n -= (size_t)done;
    }
}

/* Other screen, no cursor, lines do not wrap. */
static void enter(void)
{
    static const char words[] = "\033[?1049h\033[?25l\033[?7l";
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    put(words, sizeof words - 1);
    anew = 1;
}

/* Also from a handler, when the terminal may take nothing: what waits is then thrown away, for its screen goes away too. */
static void leave(void)
{
    static const char words[] = "\033[0m\033[?7h\033[?25h\033[?1049l";
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    tcflow(STDOUT_FILENO, TCOOFF); /* TCOON alone ends only what TCOOFF began, not what Ctrl-S did */
    tcflow(STDOUT_FILENO, TCOON);
    if (poll(&out, 1, PATIENCE_MS) == 0)
        tcflush(STDOUT_FILENO, TCOFLUSH);
    if (poll(&out, 1, PATIENCE_MS) > 0)
        put(words, sizeof words - 1);
    tcsetattr(STDIN_FILENO, TCSANOW, &was);
}

/* At once, whatever is waited for: the database is only read. SA_RESETHAND: the signal does then what it always does. */
static void on_end(int number)
{
    leave();
    raise(number);
}

static void on_stop(int number)
{
    int before = errno;
    (void)number;
    leave();
    raise(SIGSTOP);
    enter();
    errno = before;
}

static void on_resize(int number)
{
    (void)number;
    anew = 1;
}

/* SIGWINCH is heard only in ppoll, with the mask that is returned: none is lost, none disturbs a look at the database. */
static sigset_t catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction end = {.sa_handler = on_end, .sa_flags = (int)SA_RESETHAND},
                     stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART},
                     resize = {.sa_handler = on_resize};
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGWINCH);
    sigprocmask(SIG_BLOCK, &block, &before);
    sigdelset(&before, SIGWINCH);
    sigaction(SIGWINCH, &resize, NULL);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        sigaddset(&end.sa_mask, ends[i]), sigaddset(&stop.sa_mask, ends[i]);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        sigaction(ends[i], &end, NULL);
    sigaction(SIGTSTP, &stop, NULL);
    return before;
}

void status_size(int *width, int *height)
{
    struct winsize w = {0};
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row;
    *width = known ? w.ws_col : 80;
    *height = known ? w.ws_row : 24;
}

/* ---- what is shown ---- */

/* What people see: a text, how far they moved in it, what is on the terminal. */
struct view {
    struct str text, drawn; /* drawn: as many lines as the terminal has */
    int width, height;
    size_t top;                                   /* first line shown */
    int64_t next;                                 /* when to look again (clock_monotonic) */
    char typed[64];                               /* of keys, what has not come wholly */
    bool jobs;                                    /* the list of jobs, not the overview */
    bool end;                                     /* q */
    char away[sizeof(((struct error *)0)->fact)]; /* why the text is old; "": it is not */
};

static size_t line_length(const char *p)
{
    return strcspn(p, "\n");
}

static size_t lines_of(const char *p)
{
    size_t n = 0;
    for (; p && *p; n++) {
        p += line_length(p);
        p += *p == '\n';
    }
    return n;
}

/* One line, cut to the width; colours take no room and are never cut. */
static void add_line(struct str *out, const char *p, size_t n, int width)
{
    int columns = 0; /* what is before p */
    for (const char *end = p + n; p < end;) {
        uint32_t code;
        size_t length = *p == '\033' ? strcspn(p, "m\n") + 1 : (size_t)str_utf8(p, &code);
        length = length == 0 ? 1 : length > (size_t)(end - p) ? (size_t)(end - p) : length;
        int takes = *p == '\033' ? 0 : (int)columns_of_part(p, length);
        if (*p == '\033' || columns + takes <= width)
            str_addn(out, p, length);
        columns += takes;
        p += length;
    }
    str_addc(out, '\n');
}

/* The lines of the terminal: the text from top on, and one of help. */
static void compose(struct view *v, struct str *out)
{
    size_t n = lines_of(v->text.text), room = v->height > 1 ? (size_t)v->height - 1 : 0;
    v->top = n <= room ? 0 : v->top > n - room ? n - room : v->top;
    const char *p = v->text.text ? v->text.text : "";
    for (size_t i = 0; i < v->top; i++)
        p += line_length(p) + 1;
    for (size_t i = 0; i < room; i++) {
        add_line(out, p, line_length(p), v->width);
        p += line_length(p);
        p += *p == '\n';
    }
    struct str help = {0};
    if (*v->away)
        str_printf(&help, "OLD: %s", v->away);
    else
        str_printf(&help, "q quit  j jobs  o overview");
    if (n > room)
        str_printf(&help, "  arrows, space, b: %zu-%zu of %s", v->top + 1, v->top + room, COUNT(n, "line"));
    add_line(out, help.text, help.len, v->width);
    str_free(&help);
}

/* Write the lines that differ from those that are there. */
static void draw(struct view *v)
{
    struct str now = {0}, out = {0};
    compose(v, &now);
    if (anew) {
        anew = 0;
        str_clear(&v->drawn);
        str_add(&out, "\033[2J");
    }
    const char *is = v->drawn.len ? v->drawn.text : "", *p = now.text;
    for (int row = 1; *p; row++) {
        size_t n = line_length(p), old = line_length(is);
        if (!*is ? n > 0 : n != old || memcmp(p, is, n) != 0) {
            str_printf(&out, "\033[%d;1H\033[K", row);
            str_addn(&out, p, n);
        }
        p += n + 1;
        is += old + (*is != 0);
    }
    put(out.text ? out.text : "", out.len);
    str_free(&out);
    str_free(&v->drawn);
    v->drawn = now;
}

/* ---- keys ---- */

static void key_quit(struct view *v)
{
    v->end = true;
}
static void key_jobs(struct view *v)
{
    v->jobs = true, v->top = 0, v->next = 0;
}
static void key_overview(struct view *v)
{
    v->jobs = false, v->top = 0, v->next = 0;
}
static void key_down(struct view *v)
{
    v->top++;
}
static void key_up(struct view *v)
{
    v->top -= v->top > 0;
}
static void key_page_down(struct view *v)
{
    v->top += v->height > 3 ? (size_t)v->height - 3 : 1;
}
static void key_page_up(struct view *v)
{
    size_t page = v->height > 3 ? (size_t)v->height - 3 : 1;
    v->top -= v->top < page ? v->top : page;
}
static void key_first(struct view *v)
{
    v->top = 0;
}
static void key_last(struct view *v)
{
    v->top = SIZE_MAX / 2;
}

static const struct {
    const char *bytes;
    void (*act)(struct view *v);
} keys[] = {
    {"q", key_quit},          {"j", key_jobs},      {"o", key_overview},        {"\033[A", key_up},
    {"\033OA", key_up},       {"\033[B", key_down}, {"\033OB", key_down},       {"\r", key_down},
    {"\n", key_down},         {" ", key_page_down}, {"\033[6~", key_page_down}, {"b", key_page_up},
    {"\033[5~", key_page_up}, {"g", key_first},     {"\033[H", key_first},      {"\033[1~", key_first},
    {"G", key_last},          {"\033[F", key_last}, {"\033[4~", key_last}};

/* Which key begins here; *part: here begins one that has not come wholly. SIZE_MAX: none. */
static size_t key_at(const char *p, bool *part)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (str_starts(p, keys[i].bytes))
            return i;
        *part |= str_starts(keys[i].bytes, p);
    }
    return SIZE_MAX;
}

/* Keys that came together; what is none is left out. What begins one waits for the rest. */
static void take_keys(struct view *v)
{
    const char *p = v->typed;
    while (*p) {
        bool part = false;
        size_t key = key_at(p, &part);
        if (key == SIZE_MAX && part)
            break;
        p += key == SIZE_MAX ? 1 : strlen(keys[key].bytes);
        if (key != SIZE_MAX)
            keys[key].act(v);
    }
    memmove(v->typed, p, strlen(p) + 1);
}

/* Wait for keys, a signal, or the time of the next look. false: the terminal is gone. */
static bool wait_for_keys(struct view *v, const sigset_t *signals)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int64_t left = v->next - clock_monotonic();
    struct timespec wait = {.tv_sec = left / SECOND, .tv_nsec = left % SECOND};
    if (left <= 0 || ppoll(&in, 1, &wait, signals) <= 0)
        return true;
    size_t have = strlen(v->typed); /* less than a key */
    ssize_t n = read(STDIN_FILENO, v->typed + have, sizeof v->typed - 1 - have);
    if (n <= 0)
        return n < 0 && errno == EINTR;
    v->typed[have + (size_t)n] = 0;
    for (char *p = v->typed + have; p < v->typed + have + n; p++)
        *p = *p ? *p : '?'; /* no end of text */
    take_keys(v);
    return true;
}

/* false: the database cannot be read, and will not be. While it is away the old numbers stay. */
static bool look(struct view *v, status_maker make, void *arg, struct error *err)
{
    struct str text = {0};
    *err = (struct error){0};
    bool ok = make(arg, v->jobs, &text, err);
    if (ok) {
        struct str old = v->text;
        v->text = text;
        text = old;
    }
    snprintf(v->away, sizeof v->away, "%s", ok ? "" : err->fact);
    str_free(&text);
    return ok || err->code == ERROR_BUSY;
}

static bool can_move_cursor(void)
{
    const char *term = getenv("TERM");
    return term && *term && strcmp(term, "dumb") != 0;
}

int status_follow(status_maker make, void *arg, struct error *err)
{
    struct view v = {0};
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &was) != 0)
        return error_set(err, ERROR_USAGE, "--follow needs a terminal"),
               error_hint(err, "for programs: xfelx status --json"), cli_fail(err);
    if (!can_move_cursor())
        return error_set(err, ERROR_USAGE, "--follow needs a terminal that can move its cursor"),
               error_detail(err, "TERM is %s", getenv("TERM") ? getenv("TERM") : "not set"), cli_fail(err);
    raw = was;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    const sigset_t signals = catch_signals();
    enter();
    bool ok = true;
    while (ok && !v.end) {
        if (anew || clock_monotonic() >= v.next) {
            status_size(&v.width, &v.height);
            ok = look(&v, make, arg, err);
            v.next = clock_monotonic() + EVERY;
        }
        if (ok)
            draw(&v);
        if (ok && !wait_for_keys(&v, &signals))
            break;
    }
    leave();
    str_free(&v.text);
    str_free(&v.drawn);
    return ok ? EXIT_CODE_DONE : cli_fail(err);
}
