/* server_file.c - a file that is handed over, a piece after the other; see exchange.h. */
#include "web/exchange.h"

#include "web/connections.h"
#include "web/upload.h"

enum MHD_Result exchange_begin_file(struct exchange *x, int64_t size)
{
    if (size == 0)
        return exchange_refuse(x, 411, "empty", "a file comes with its length, which is not 0", true);
    if (x->web->uploads == UPLOADS_AT_ONCE)
        return exchange_refuse(x, 503, "busy", "others hand over files just now; again in a moment", true);
    x->uploads = true;
    x->web->uploads++;
    x->q.body_size = (size_t)size;
    exchange_allow(x, CONNECTION_BODY_S + (int)(size / UPLOAD_BYTES_A_SECOND));
    return MHD_YES;
}

/* What has come goes to the file, which is made for the first of it. */
static bool put_piece(struct exchange *x, struct error *err)
{
    bool ok = x->upload || upload_begin(x->web->options.handed, (int64_t)x->q.body_size, &x->upload, err);
    ok = ok && upload_add(x->upload, x->body.text, x->body.len, err);
    str_clear(&x->body);
    return ok;
}

static void upload_failed(struct exchange *x, const struct error *err)
{
    answer_failed(&x->a, err);
    x->a.status = err->code == ERROR_NO_SPACE ? 507 : err->code == ERROR_MISSING ? 409 : 500;
    x->failed = true;
}

static void work_piece(void *arg, struct store *s, const struct error *why)
{
    (void)s, (void)why;
    struct exchange *x = arg;
    struct error err = {0};
    if (!put_piece(x, &err))
        upload_failed(x, &err);
    exchange_wake(x->connection);
}

static void work_last(void *arg, struct store *s, const struct error *why)
{
    (void)why;
    struct exchange *x = arg;
    struct error err = {0};
    char name[65];
    bool ok = put_piece(x, &err);
    if (ok) {
        ok = upload_end(x->upload, name, &err);
        x->upload = NULL;
    }
    if (ok) {
        x->q.body = name;
        x->route->answer(x->web, s, &x->q, &x->a);
    } else {
        upload_failed(x, &err);
    }
    answer_finish(&x->a, &x->q);
    x->made = true;
    exchange_wake(x->connection);
}

/* A worker takes it while the connection sleeps. */
static void hand_over(struct exchange *x, void (*how)(void *, struct store *, const struct error *))
{
    const struct pool_job job = {how, x, false};
    MHD_suspend_connection(x->connection);
    if (pool_put(x->web->slow, &job))
        return;
    answer_error(&x->a, 503, "busy", "more is asked than can be answered; again in a second", NULL);
    x->failed = true;
    x->made = how == work_last;
    exchange_wake(x->connection);
}

/* Bytes of a file have come. What follows a failure is taken and forgotten: an answer can only be sent when all has come. */
enum MHD_Result exchange_take_piece(struct exchange *x, const char *data, size_t n)
{
    if (x->failed)
        return MHD_YES;
    str_addn(&x->body, data, n);
    if (x->body.len >= UPLOAD_PIECE)
        hand_over(x, work_piece);
    return MHD_YES;
}

enum MHD_Result exchange_end_file(struct exchange *x)
{
    if (x->failed)
        return answer_finish(&x->a, &x->q), exchange_send(x);
    hand_over(x, work_last);
    return MHD_YES;
}
