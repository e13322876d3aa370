/* log.c - warnings that people see once; see log.h.
 *
 * The one place below cmd/ that holds state of the process: a warning belongs to nobody's arena, and may come
 * from any thread.
 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXTS 256
#define TEXT_SIZE 512

struct warning {
    char text[TEXT_SIZE];
    size_t times;
    bool printed;
};

static struct {
    pthread_mutex_t lock;
    struct warning list[TEXTS];
    size_t n;
    size_t more; /* warnings whose text found no room in the list */
    bool held;
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Control characters of hostile names must not reach a terminal. */
static void text_clean(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

static void print_locked(struct warning *w)
{
    fprintf(stderr, "warning: %s\n", w->text);
    w->printed = true;
}

void log_warn(const char *format, ...)
{
    char text[TEXT_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_clean(text);

    pthread_mutex_lock(&log_state.lock);
    size_t i = 0;
    while (i < log_state.n && strcmp(log_state.list[i].text, text) != 0)
        i++;
    if (i == TEXTS) {
        log_state.more++;
    } else {
        struct warning *w = &log_state.list[i];
        if (i == log_state.n) {
            memcpy(w->text, text, sizeof text);
            log_state.n++;
        }
        w->times++;
        if (!w->printed && !log_state.held)
            print_locked(w);
    }
    pthread_mutex_unlock(&log_state.lock);
}

size_t log_count(void)
{
    pthread_mutex_lock(&log_state.lock);
    size_t n = log_state.n + (log_state.more ? 1 : 0);
    pthread_mutex_unlock(&log_state.lock);
    return n;
}

const char *log_text(size_t i, size_t *times)
{
    pthread_mutex_lock(&log_state.lock);
    const char *text = i < log_state.n ? log_state.list[i].text : "further warnings";
    size_t n = i < log_state.n ? log_state.list[i].times : log_state.more;
    pthread_mutex_unlock(&log_state.lock);
    if (times)
        *times = n;
    return text;
}

void log_hold(bool hold)
{
    pthread_mutex_lock(&log_state.lock);
    log_state.held = hold;
    pthread_mutex_unlock(&log_state.lock);
}

void log_flush(void)
{
    pthread_mutex_lock(&log_state.lock);
    for (size_t i = 0; i < log_state.n; i++)
        if (!log_state.list[i].printed)
            print_locked(&log_state.list[i]);
    pthread_mutex_unlock(&log_state.lock);
}
