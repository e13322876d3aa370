/* lex.c - cutting text into words; see phil.h and FORMATS 7.1.
 *
 * A quote opens a quoted word only at the beginning of a word; a comment likewise. Which characters are words of their own
 * depends on whether a name or a value is expected, so the parser says the mode with every word it asks for.
 */
#include "param/phil.h"

#include <string.h>
#include <strings.h>

size_t phil_space(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    if (n >= 1 && (u[0] == ' ' || (u[0] >= 0x09 && u[0] <= 0x0d) || (u[0] >= 0x1c && u[0] <= 0x1f)))
        return 1;
    if (n >= 2 && u[0] == 0xc2 && (u[1] == 0x85 || u[1] == 0xa0))
        return 2;
    if (n < 3 || u[0] < 0xe1 || u[0] > 0xe3)
        return 0;
    uint32_t code = (uint32_t)(u[0] & 0x0f) << 12 | (uint32_t)(u[1] & 0x3f) << 6 | (u[2] & 0x3f);
    bool space = code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
                 code == 0x202f || code == 0x205f || code == 0x3000;
    return space ? 3 : 0;
}

static bool stands_alone(char c, enum phil_mode mode)
{
    if (mode == PHIL_LOOSE)
        return false;
    return c == '{' || c == '}' || c == (mode == PHIL_NAMES ? '=' : ';');
}

/* A quoted word; x->at is behind the opening quote character. */
static bool quoted_word(struct phil_lexer *x, char mark, struct phil_word *out, struct error *err)
{
    const char *text = x->source->text, *end = text + x->source->n, *p = text + x->at;
    bool triple = end - p >= 2 && p[0] == mark && p[1] == mark;
    if (triple)
        p += 2;
    out->quote = mark == '\'' ? triple ? PHIL_SINGLE3 : PHIL_SINGLE : triple ? PHIL_DOUBLE3 : PHIL_DOUBLE;

    struct str value = {0};
    for (;; p++) {
        if (p == end) {
            str_free(&value);
            return phil_error(err, out->place, "the quote that begins here is not closed"),
                   error_hint(err, "add the missing %s", phil_quote_text(out->quote));
        }
        x->line += *p == '\n';
        if (*p == mark && (!triple || (end - p >= 3 && p[1] == mark && p[2] == mark)))
            break;
        if (*p == '\\' && end - p >= 2) {
            if (p[1] == '\n') {
                p++;
                x->line++;
                continue;
            }
            if (p[1] == '\\' || p[1] == mark)
                p++;
        }
        str_addc(&value, *p);
    }
    x->at = (size_t)(p - text) + (triple ? 3 : 1);
    out->n = value.len;
    out->text = value.text ? arena_strndup(x->arena, value.text, value.len) : "";
    str_free(&value);
    return true;
}

bool phil_next_word(struct phil_lexer *x, enum phil_mode mode, struct phil_word *out, bool *got,
                    struct error *err)
{
    const char *text = x->source->text;
    size_t n = x->source->n;
    *got = false;
    while (x->at < n) {
        size_t space = phil_space(text + x->at, n - x->at);
        if (space) {
            x->line += text[x->at] == '\n';
            x->at += space;
            continue;
        }
        char c = text[x->at];
        if (c == '#' && mode == PHIL_NAMES && strncmp(text + x->at + 1, "phil", 4) != 0) {
            while (x->at < n && text[x->at] != '\n')
                x->at++;
            continue;
        }
        *got = true;
        *out = (struct phil_word){.place = {.source = x->source, .offset = x->at, .line = x->line}};
        if (c == '"' || c == '\'') {
            x->at++;
            return quoted_word(x, c, out, err);
        }
        size_t begin = x->at++;
        if (!stands_alone(c, mode))
            while (x->at < n && !phil_space(text + x->at, n - x->at) && !stands_alone(text[x->at], mode))
                x->at++;
        out->n = x->at - begin;
        out->text = arena_strndup(x->arena, text + begin, out->n);
        return true;
    }
    return true;
}

bool phil_word_is(const struct phil_word *w, const char *text)
{
    return w->quote == PHIL_PLAIN && !strcmp(w->text, text);
}

static bool is_one_word(struct phil_words w, const char *text)
{
    return w.n == 1 && w.word[0].quote == PHIL_PLAIN && !strcasecmp(w.word[0].text, text);
}

bool phil_is_none(struct phil_words w)
{
    return is_one_word(w, "none");
}

bool phil_is_auto(struct phil_words w)
{
    return is_one_word(w, "auto");
}

bool phil_is_name(const char *text, size_t n)
{
    bool start = true;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        bool letter = c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (start || !(c == '.' || (c >= '0' && c <= '9'))))
            return false;
        start = c == '.';
    }
    return n && !start;
}

const char *phil_quote_text(enum phil_quote q)
{
    static const char *const text[] = {"", "'", "\"", "'''", "\"\"\""};
    return text[q];
}

void phil_word_show(struct str *s, const struct phil_word *w)
{
    const char *quote = phil_quote_text(w->quote);
    str_add(s, quote);
    for (const char *p = w->text; *p; p++) {
        if (w->quote != PHIL_PLAIN && (*p == '\\' || *p == quote[0]))
            str_addc(s, '\\');
        str_addc(s, *p);
    }
    str_add(s, quote);
}

void phil_list_add(struct arena *a, struct phil_word_list *list, const struct phil_word *w)
{
    if (list->n == list->room) {
        list->room = list->room ? 2 * list->room : 4;
        struct phil_word *wider = arena_array(a, list->room, sizeof *wider);
        if (list->n)
            memcpy(wider, list->word, list->n * sizeof *wider);
        list->word = wider;
    }
    list->word[list->n++] = *w;
    list->bytes += w->n + 1;
}

struct phil_words phil_words_of(struct arena *a, const char *text)
{
    struct phil_source *s = arena_alloc(a, sizeof *s);
    *s = (struct phil_source){.name = "built-in", .text = text, .n = strlen(text)};
    struct phil_lexer x = {.arena = a, .source = s, .line = 1};
    struct phil_word_list list = {0};
    struct phil_word w;
    bool got;
    while (phil_next_word(&x, PHIL_LOOSE, &w, &got, NULL) && got) {
        w.place = (struct phil_place){0};
        phil_list_add(a, &list, &w);
    }
    return (struct phil_words){list.word, list.n};
}

const char *phil_join(struct arena *a, struct phil_words w)
{
    if (w.n == 1)
        return w.word[0].text;
    struct str s = {0};
    for (size_t i = 0; i < w.n; i++) {
        if (i)
            str_addc(&s, ' ');
        str_addn(&s, w.word[i].text, w.word[i].n);
    }
    const char *text = s.text ? arena_strndup(a, s.text, s.len) : "";
    str_free(&s);
    return text;
}
