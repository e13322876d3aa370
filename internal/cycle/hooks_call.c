/* hooks_call.c - see hooks_call.h. Nothing here may hold the watcher up, so it is another process: a command that hangs, a server that
 * does not answer and a broken library end with it. */
#include "cycle/hooks_call.h"

#include "facility/facility.h"
#include "net/net.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COMMAND_SECONDS = 30, POST_SECONDS = 5, MESSAGE_MAX = 64000 };

/* Of LCLS' run processor: the address stands in the environment of its jobs (FACILITY 2.6). */
#define COUNTERS "$JID_UPDATE_COUNTERS"

struct caller {
    const struct hook_call *calls;
    size_t n;
    pid_t watcher;
    struct facility_settings facility;
};

/* ---- what is posted ---- */

static void add_html(struct str *out, const char *text)
{
    for (; *text; text++)
        if (*text == '<')
            str_add(out, "&lt;");
        else if (*text == '&')
            str_add(out, "&amp;");
        else
            str_addc(out, *text);
}

static void put_counter(struct json_writer *w, const char *key, const char *value)
{
    struct str name = {0}, text = {0};
    add_html(&name, key);
    add_html(&text, value);
    json_object(w, NULL);
    json_put_text(w, "key", name.text ? name.text : "");
    json_put_text(w, "value", text.text ? text.text : "");
    json_end_object(w);
    str_free(&name);
    str_free(&text);
}

/* The whole set each time: what is posted replaces what was shown. */
static bool counters(const struct json *event, struct str *out)
{
    struct json_writer w = {.out = out};
    json_array(&w, NULL, false);
    for (const struct json *c = json_first(json_get(event, "counts")); c; c = json_next(c)) {
        double value = 0;
        char text[32];
        json_number(c, &value);
        snprintf(text, sizeof text, "%.0f", value);
        put_counter(&w, json_key(c), text);
    }
    const char *last = json_text(json_get(event, "text"));
    put_counter(&w, "last", last ? last : "");
    json_end_array(&w);
    return true;
}

static void add_form(struct str *out, const char *name, const char *value)
{
    str_printf(out, "%s%s=", out->len ? "&" : "", name);
    for (const unsigned char *p = (const unsigned char *)value; *p; p++)
        if (isalnum(*p) || strchr("-_.~", *p))
            str_addc(out, (char)*p);
        else
            str_printf(out, "%%%02X", *p);
}

static bool log_entry(const struct json *event, struct str *out)
{
    const char *kind = json_text(json_get(event, "event")), *run = json_text(json_get(event, "run"));
    const char *text = json_text(json_get(event, "text"));
    struct str words = {0};
    int64_t number;
    str_printf(&words, "xfelx: %s%s%s: %s", kind ? kind : "", run ? ", run " : "", run ? run : "",
               text ? text : "");
    add_form(out, "log_text", words.text);
    add_form(out, "log_tags", "xfelx");
    if (run && str_to_i64(run, &number))
        add_form(out, "run_num", run);
    str_free(&words);
    return true;
}

bool hook_body(const char *url, const char *event, struct str *out, const char **type, struct error *err)
{
    bool is_counters = strcmp(url, COUNTERS) == 0, is_entry = str_ends(url, "/new_elog_entry");
    *type = is_entry ? "Content-Type: application/x-www-form-urlencoded" : "Content-Type: application/json";
    if (!is_counters && !is_entry)
        return str_add(out, event), true;
    struct json *root = json_parse(event, strlen(event), "event", err);
    bool good = root && (is_counters ? counters(root, out) : log_entry(root, out));
    json_free(root);
    return good;
}

/* ---- calling ---- */

/* The command that runs now. Whoever ends us, by SIGTERM or by dying, ends it and all that it has started. */
static volatile pid_t command;

static void on_end(int number)
{
    (void)number;
    if (command > 0)
        kill(-command, SIGKILL);
    _exit(0);
}

static void end_with_the_watcher(pid_t watcher)
{
    struct sigaction end = {.sa_handler = on_end}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGINT, &ignore, NULL); /* the watcher hears it, and gives us a moment */
    sigaction(SIGHUP, &ignore, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != watcher)
        _exit(0);
}

static bool run_command(const struct hook_call *h, const char *event, struct error *err)
{
    struct child_answer answer = {0};
    const char *const argv[] = {"/bin/sh", "-c", h->command, NULL};
    bool good = child_run(&(struct child){.argv = argv,
                                          .input = event,
                                          .n_input = strlen(event),
                                          .seconds = COMMAND_SECONDS,
                                          .running = &command,
                                          .limit = 4096},
                          &answer, err);
    if (good && answer.exit_code != 0) {
        const char *said = answer.err.text ? answer.err.text : "";
        good = answer.timed_out ? error_set(err, ERROR_FAILED, "a hook took longer than %d s: %s",
                                            COMMAND_SECONDS, h->command)
                                : error_set(err, ERROR_FAILED, "a hook ended with %d: %s: %.*s",
                                            answer.exit_code, h->command, (int)strcspn(said, "\n"), said);
    }
    child_answer_free(&answer);
    return good;
}

/* Credentials of the facility go to the facility's own address only, the run processor's token to where it says. */
static bool post(const struct caller *c, const struct hook_call *h, const char *event, struct error *err)
{
    const struct facility_settings *f = &c->facility;
    bool own = f->url && *f->url && str_starts(h->url, f->url);
    const char *url = h->url, *type, *token = NULL;
    struct str body = {0}, header = {0};
    struct net_answer answer = {0};
    if (strcmp(url, COUNTERS) == 0) {
        url = getenv("JID_UPDATE_COUNTERS");
        token = getenv("Authorization");
        if (!url || !*url)
            return error_set(err, ERROR_USAGE, "a hook posts to " COUNTERS ", and the environment has none");
    }
    if (token)
        str_printf(&header, "Authorization: %s", token);
    bool good = hook_body(h->url, event, &body, &type, err);
    const char *const headers[] = {type, token ? header.text : NULL, NULL};
    struct net *n =
        good ? net_open(&(struct net_options){.ca_file = f->ca_file, .whole_seconds = POST_SECONDS}, err)
             : NULL;
    good = n && net_fetch(n,
                          &(struct net_request){.method = "POST",
                                                .url = url,
                                                .headers = headers,
                                                .auth = own ? &f->auth : NULL,
                                                .body = body.text,
                                                .n_body = body.len},
                          &answer, err);
    net_answer_free(&answer);
    if (n)
        net_close(n);
    str_free(&header);
    str_free(&body);
    return good;
}

static int serve(int fd, void *arg)
{
    const struct caller *c = arg;
    end_with_the_watcher(c->watcher);
    static char message[MESSAGE_MAX + 1];
    ssize_t n;
    while ((n = recv(fd, message, MESSAGE_MAX, 0)) > 0) {
        message[n] = 0;
        size_t number =
            n > 2 ? (size_t)(unsigned char)message[0] | (size_t)(unsigned char)message[1] << 8 : c->n;
        struct error err = {0};
        if (number >= c->n)
            continue;
        const struct hook_call *h = &c->calls[number];
        if (!(h->command ? run_command(h, message + 2, &err) : post(c, h, message + 2, &err))) {
            char line[250];
            error_line(&err, line, sizeof line);
            send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
    }
    return 0;
}

bool hooks_fork(const struct params *p, const struct hook_call *calls, size_t n, pid_t *pid, int *fd,
                struct error *err)
{
    struct arena a = {0};
    struct caller c = {.calls = calls, .n = n, .watcher = getpid()};
    bool good = facility_settings_read(p, &a, &c.facility, err) && proc_fork_helper(serve, &c, pid, fd, err);
    arena_free(&a); /* the helper has its own copy of all memory */
    return good;
}
