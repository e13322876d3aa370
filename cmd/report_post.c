/* report_post.c - a report into the log book; see report_post.h. The form is multipart: fields log_title, log_text, log_tags, run_num, and the
 * page as a file, as LCLS' own clients send it. */
#include "cmd/report_post.h"

#include "facility/facility.h"
#include "net/net.h"
#include "param/param.h"

#include <string.h>

enum { POST_SECONDS = 60 };

struct entry {
    struct str title, text, page, url;
    const char *run; /* a number; NULL: of no single run */
};

static void entry_free(struct entry *e)
{
    str_free(&e->title);
    str_free(&e->text);
    str_free(&e->page);
    str_free(&e->url);
}

/* Something that does not occur in what it parts: the sum of all of it. */
static const char *boundary_of(struct arena *a, const struct entry *e)
{
    struct sha256 h;
    uint8_t sum[32];
    char hex[65];
    sha256_start(&h);
    sha256_add(&h, e->text.text, e->text.len);
    sha256_add(&h, e->page.text, e->page.len);
    sha256_end(&h, sum);
    return arena_printf(a, "xfelx-%s", hash_hex(sum, 16, hex));
}

static void put_field(struct str *body, const char *boundary, const char *name, const char *value)
{
    str_printf(body, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary, name,
               value);
}

static void put_form(struct str *body, const char *boundary, const struct entry *e)
{
    put_field(body, boundary, "log_title", e->title.text);
    put_field(body, boundary, "log_text", e->text.text);
    put_field(body, boundary, "log_tags", "xfelx");
    if (e->run)
        put_field(body, boundary, "run_num", e->run);
    str_printf(body,
               "--%s\r\nContent-Disposition: form-data; name=\"files\"; filename=\"xfelx.html\"\r\n"
               "Content-Type: text/html; charset=utf-8\r\n\r\n",
               boundary);
    str_addn(body, e->page.text, e->page.len);
    str_printf(body, "\r\n--%s--\r\n", boundary);
}

static bool send(const struct facility_settings *f, const struct entry *e, struct arena *a, struct error *err)
{
    const char *boundary = boundary_of(a, e);
    const char *const headers[] = {
        arena_printf(a, "Content-Type: multipart/form-data; boundary=%s", boundary), NULL};
    struct str body = {0};
    struct net_answer answer = {0};
    put_form(&body, boundary, e);
    struct net *n =
        net_open(&(struct net_options){.ca_file = f->ca_file, .whole_seconds = POST_SECONDS}, err);
    bool good = n && net_fetch(n,
                               &(struct net_request){.method = "POST",
                                                     .url = e->url.text,
                                                     .headers = headers,
                                                     .auth = &f->auth,
                                                     .body = body.text,
                                                     .n_body = body.len},
                               &answer, err);
    /* {"success": false, "errormsg": …} comes with 200 */
    struct json *said =
        good ? json_parse(answer.body.text, answer.body.len, "the log book's answer", NULL) : NULL;
    const struct json *success = said ? json_get(said, "success") : NULL;
    const char *why = said ? json_text(json_get(said, "errormsg")) : NULL;
    if (good && (!success || !json_is_true(success))) {
        good = error_set(err, ERROR_FAILED, "the log book did not take the entry: %.200s",
                         why    ? why
                         : said ? "it says no success"
                                : "its answer is no JSON");
        if (!said)
            error_hint(err, "a page for people means not authorised: facility.auth and facility.auth_file");
    }
    json_free(said);
    net_answer_free(&answer);
    if (n)
        net_close(n);
    str_free(&body);
    return good;
}

static bool make(struct cli *cli, const struct facility_settings *f, const struct summary *s, struct entry *e,
                 struct error *err)
{
    int64_t number;
    const char *run = cli_value(cli, "run", NULL);
    *e = (struct entry){.run = run && str_to_i64(run, &number) ? run : NULL};
    if (!f->experiment || !*f->experiment)
        return error_set(err, ERROR_USAGE, "whose log book? facility.lcls.experiment is not set"),
               error_hint(err, "xfelx init asks for it, or set XFELX_FACILITY_LCLS_EXPERIMENT");
    str_printf(&e->title, "xfelx: %s", s->title);
    summary_text(s, &e->text);
    summary_html(s, &e->page);
    net_url(&e->url, f->url ? f->url : FACILITY_LCLS_URL,
            arena_printf(&cli->arena, "%s/ws/new_elog_entry", f->experiment));
    return true;
}

bool report_post(struct cli *cli, const struct params *settings, const struct summary *s, struct error *err)
{
    struct facility_settings f;
    struct entry e = {0};
    struct str out = {0};
    const char *where = cli_value(cli, "post", "");
    if (strcmp(where, "elog") != 0)
        return error_set(err, ERROR_USAGE, "reports are posted to \"elog\", not \"%s\"", where);
    bool good = facility_settings_read(settings, &cli->arena, &f, err) && make(cli, &f, s, &e, err);
    char shown[4096];
    if (good && cli_has(cli, "dry-run"))
        str_printf(&out, "would be posted to %s%s%s:\n%s\n\n%s\nand the page xfelx.html, %s\n",
                   net_url_shown(e.url.text, shown, sizeof shown), e.run ? ", run " : "", e.run ? e.run : "",
                   e.title.text, e.text.text, COUNT(e.page.len, "byte"));
    else if (good) {
        good = send(&f, &e, &cli->arena, err);
        if (good)
            str_printf(&out, "posted to the log book of %s: %s\n", f.experiment, e.title.text);
    }
    if (good)
        cli_print(&out);
    str_free(&out);
    entry_free(&e);
    return good;
}
