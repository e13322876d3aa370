/* choice.c - choosing words of a list: "two", "*two", "one+three", "*one *three"; see phil.h and FORMATS 7.4. */
#include "param/phil.h"

#include <string.h>
#include <strings.h>

static const char *bare(const struct phil_word *w)
{
    return w->text + (w->text[0] == '*');
}

/* Position of a word in the master's list, n when it is not there. The words of a+b must be spelt in lower case: libtbx keeps
 * its list so. */
static size_t find_choice(const struct phil_object *master, const char *text, size_t n, bool lower_case)
{
    size_t last = master->words.n;
    for (size_t i = 0; i < master->words.n; i++) {
        const char *word = bare(&master->words.word[i]);
        if (strlen(word) != n || strncasecmp(word, text, n) != 0)
            continue;
        bool is_lower = true;
        for (size_t k = 0; k < n; k++)
            is_lower = is_lower && !(text[k] >= 'A' && text[k] <= 'Z');
        if (!lower_case || is_lower)
            last = i;
    }
    return last;
}

/* Words that differ only in case share one flag, as in libtbx. */
static void choose(const struct phil_object *master, size_t which, bool flag, bool *chosen)
{
    for (size_t i = 0; i < master->words.n; i++)
        if (!strcasecmp(bare(&master->words.word[i]), bare(&master->words.word[which])))
            chosen[i] = flag;
}

static bool refuse(struct arena *a, const struct phil_object *master, const struct phil_word *w,
                   const char *text, size_t n, struct error *err)
{
    struct str list = {0};
    for (size_t i = 0; i < master->words.n; i++)
        str_printf(&list, "%s%s", i ? ", " : "", bare(&master->words.word[i]));
    phil_error(err, w->place, "%s cannot be \"%.*s\"", phil_path(a, master), (int)(n < 80 ? n : 80), text);
    error_hint(err, "one of: %s", list.text ? list.text : "nothing");
    str_free(&list);
    return false;
}

/* Is it a+b: a plus, no quotes or stars, and something behind every plus? */
static bool is_sum(struct arena *a, struct phil_words w)
{
    bool plus = false;
    for (size_t i = 0; i < w.n; i++) {
        if (w.word[i].quote != PHIL_PLAIN || w.word[i].text[0] == '*')
            return false;
        plus = plus || strchr(w.word[i].text, '+');
    }
    if (!plus)
        return false;
    struct str joined = {0};
    for (size_t i = 0; i < w.n; i++)
        str_add(&joined, w.word[i].text);
    const char *text = arena_strndup(a, joined.text, joined.len);
    str_free(&joined);
    for (const char *p = strchr(text, '+'); p; p = strchr(p + 1, '+'))
        if (strspn(p + 1, " \t\r\n") == strcspn(p + 1, "+"))
            return false;
    return true;
}

static bool choose_sum(struct arena *a, const struct phil_object *master, struct phil_words w, bool *chosen,
                       struct error *err)
{
    for (size_t i = 0; i < w.n; i++) {
        for (const char *p = w.word[i].text; *p;) {
            size_t n = strcspn(p, "+");
            size_t which = n ? find_choice(master, p, n, true) : 0;
            if (which == master->words.n)
                return refuse(a, master, &w.word[i], p, n, err);
            if (n)
                choose(master, which, true, chosen);
            p += n + (p[n] == '+');
        }
    }
    return true;
}

bool phil_choose(struct arena *a, const struct phil_object *master, struct phil_words w, bool *chosen,
                 struct error *err)
{
    memset(chosen, 0, master->words.n * sizeof *chosen);
    if (phil_is_none(w) && master->optional != PHIL_FALSE)
        return true;
    if (is_sum(a, w))
        return choose_sum(a, master, w, chosen, err);
    for (size_t i = 0; i < w.n; i++) {
        bool flag = w.word[i].text[0] == '*' || w.n == 1;
        const char *text = bare(&w.word[i]);
        size_t which = find_choice(master, text, strlen(text), false);
        if (flag && which == master->words.n)
            return refuse(a, master, &w.word[i], text, strlen(text), err);
        if (which < master->words.n)
            choose(master, which, flag, chosen);
    }
    return true;
}
