/* assets.c - embedded pages; see assets.h. */
#include "web/assets.h"

#include "web/answer.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *ending, *type;
} types[] = {
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".html", WEB_HTML},
    {".json", WEB_JSON},
    {".svg", "image/svg+xml"},
};

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (str_ends(name, types[i].ending))
            return types[i].type;
    return WEB_TEXT;
}

/* Modules that app.js imports, and theirs; what is no module. */
static void mark_at_once(struct assets *a)
{
    size_t marked = 0, before;
    for (size_t i = 0; i < a->n; i++)
        a->rows[i].at_once = !str_ends(a->rows[i].name, ".js") || strcmp(a->rows[i].name, "app.js") == 0 ||
                             str_ends(a->rows[i].name, ".worker.js");
    do {
        before = marked;
        marked = 0;
        for (size_t i = 0; i < a->n; i++)
            for (size_t k = 0; k < a->n && a->rows[i].at_once; k++) {
                char import[128];
                snprintf(import, sizeof import, "./%s", a->rows[k].name);
                const char *text = a->rows[i].text, *at = a->rows[k].at_once ? NULL : strstr(text, import);
                while (at && (at < text + 2 || at[-2] == '(')) /* import('./x.js') is for later */
                    at = strstr(at + 1, import);
                if (at)
                    a->rows[k].at_once = true;
                marked += a->rows[k].at_once;
            }
    } while (marked != before);
}

void assets_make(struct arena *a, struct assets *out)
{
    struct sha256 h;
    sha256_start(&h);
    *out = (struct assets){0};
    for (const struct embedded *e = embedded_pages; e->name; e++) {
        out->rows = arena_grow(a, out->rows, out->n, sizeof *out->rows);
        struct asset *row = out->rows + out->n++;
        *row = (struct asset){
            .name = e->name, .type = type_of(e->name), .text = e->text, .size = strlen(e->text)};
        answer_gzip(row->text, row->size, 9, &row->gzip);
        sha256_add(&h, e->name, strlen(e->name) + 1);
        sha256_add(&h, e->text, row->size + 1);
    }
    uint8_t sum[32];
    sha256_end(&h, sum);
    hash_hex(sum, 4, out->sum);
    mark_at_once(out);
}

void assets_free(struct assets *a)
{
    for (size_t i = 0; i < a->n; i++)
        str_free(&a->rows[i].gzip);
    *a = (struct assets){0};
}

const struct asset *assets_find(const struct assets *a, const char *name)
{
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->rows[i].name, name) == 0)
            return a->rows + i;
    return NULL;
}

void assets_escape(struct str *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            str_add(out, "&amp;");
            break;
        case '<':
            str_add(out, "&lt;");
            break;
        case '>':
            str_add(out, "&gt;");
            break;
        case '"':
            str_add(out, "&quot;");
            break;
        case '\'':
            str_add(out, "&#39;");
            break;
        default:
            str_addc(out, *text);
        }
}

static void add_preloads(struct str *out, const struct assets *a)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->rows[i].at_once && str_ends(a->rows[i].name, ".js") &&
            !str_ends(a->rows[i].name, ".worker.js"))
            str_printf(out, "<link rel=\"modulepreload\" href=\"assets/%s/%s\">\n", a->sum, a->rows[i].name);
}

bool assets_page(const struct assets *a, const char *prefix, const char *title, struct str *out)
{
    const struct asset *page = assets_find(a, "index.html");
    if (!page)
        return false;
    for (const char *p = page->text; *p;) {
        size_t n = strcspn(p, "{");
        str_addn(out, p, n);
        p += n;
        if (str_starts(p, "{base}"))
            assets_escape(out, prefix), p += 6;
        else if (str_starts(p, "{assets}"))
            str_printf(out, "assets/%s", a->sum), p += 8;
        else if (str_starts(p, "{preload}"))
            add_preloads(out, a), p += 9;
        else if (str_starts(p, "{title}"))
            assets_escape(out, title), p += 7;
        else if (*p)
            str_addc(out, *p++);
    }
    return true;
}
