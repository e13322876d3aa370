/* reader.c - a thread's way through a list: containers are shared and already open, single-image files are opened one by one
 * into memory that is used again. The file's content moves between the buffer and the source, so that a run over a hundred
 * thousand files allocates for the first one only.
 */
#include "source/format.h"

static void close_single(struct source_reader *r)
{
    source_close_lent(r->open, &r->content);
    r->open = NULL;
}

bool source_reader_read(struct source_reader *r, uint64_t i, struct frame *out, struct error *err)
{
    uint32_t number, frame;
    if (i >= r->list->n_frames)
        return error_set(err, ERROR_END, "no frame %llu in the list", (unsigned long long)i);
    source_list_at(r->list, i, &number, &frame);
    const struct source_entry *e = &r->list->sources[number];
    if (r->list->doors)
        source_list_enter(r->list, number);
    if (e->error) {
        if (err)
            *err = *e->error;
        return false;
    }
    const struct source *s = e->open;
    if (!s) {
        close_single(r);
        if (!source_open_lent(e->path, r->options, &r->buffer.raw, &r->content, &r->open, err))
            return false;
        s = r->open;
    }
    if (!source_read(s, frame, &r->buffer, out, err))
        return false;
    out->id.source = number;
    out->id.path = e->recorded;
    return true;
}

void source_reader_free(struct source_reader *r)
{
    close_single(r);
    bytes_free(&r->content);
    frame_buffer_free(&r->buffer);
}
