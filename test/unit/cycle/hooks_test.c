/* hooks_test.c - events are told to people's programs, once, not too often, and without holding anybody up. */
#include "campaign.h"

#include "cycle/hooks_call.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static struct hooks *start(const char *text)
{
    struct params *p = params_make(&here.arena);
    struct hooks *h = NULL;
    struct error err = {0};
    if (!params_merge_text(p, "test", text, &err) || !hooks_start(p, &h, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return h;
}

static size_t tell(struct hooks *h)
{
    size_t n = 0;
    struct error err = {0};
    if (!hooks_tell(h, here.store, &n, &err))
        fail_msg("%s %s", err.fact, err.detail);
    return n;
}

static void happen(const char *kind, int times)
{
    char text[256];
    snprintf(text, sizeof text,
             "INSERT INTO event(t,kind,level,run,job,attempt,body) VALUES(1,'%s',1,0,4,5,'no \"mask\"')",
             kind);
    for (int i = 0; i < times; i++)
        database_do(text);
}

static struct bytes content(const char *name)
{
    char path[256];
    struct bytes b = {0};
    struct error err = {0};
    snprintf(path, sizeof path, "%s/%s", database_folder, name);
    if (fs_is_file(path))
        fs_read(path, 1 << 20, &b, &err);
    return b;
}

static size_t count(const struct bytes *b, const char *word)
{
    size_t n = 0, length = strlen(word);
    for (size_t i = 0; i + length <= b->size; i++)
        n += memcmp(b->data + i, word, length) == 0;
    return n;
}

static char *hook(const char *event, const char *command, double limit)
{
    return arena_printf(&here.arena, "hook {\n event = %s\n command = \"%s >>%s/told\"\n limit = %g\n}\n",
                        event, command, database_folder, limit);
}

static void an_event_is_told_once_as_json(void **state)
{
    (void)state;
    campaign_make();
    happen("job_failed", 3); /* before there was a hook */
    struct hooks *h = start(hook("job_failed", "{ cat; echo; }", 0));
    assert_int_equal(tell(h), 0);
    happen("job_failed", 1);
    happen("job_done", 1); /* not asked for */
    assert_int_equal(tell(h), 1);
    assert_int_equal(tell(h), 0);
    hooks_end(h, 20);
    struct bytes b = content("told");
    struct error err = {0};
    struct json *event = json_parse((const char *)b.data, b.size, "told", &err);
    assert_non_null(event);
    assert_string_equal(json_text(json_get(event, "event")), "job_failed");
    assert_string_equal(json_text(json_get(event, "text")), "no \"mask\"");
    json_free(event);
    bytes_free(&b);
    campaign_drop();
}

static void the_next_watcher_goes_on_where_the_last_one_was(void **state)
{
    (void)state;
    campaign_make();
    for (int i = 0; i < 3; i++) {
        struct hooks *h = start(hook("job_failed", "echo told", 0));
        assert_int_equal(tell(h), i > 0);
        hooks_end(h, 20);
        happen("job_failed", 1);
    }
    struct bytes b = content("told");
    assert_int_equal(count(&b, "told"), 2);
    bytes_free(&b);
    campaign_drop();
}

static void what_comes_too_often_is_held_back_and_counted(void **state)
{
    (void)state;
    campaign_make();
    struct hooks *h = start(hook("job_failed", "{ cat; echo; }", 3600));
    tell(h);
    happen("job_failed", 5);
    assert_int_equal(tell(h), 1);
    assert_int_equal(tell(h), 0);
    database_do(
        "UPDATE meta SET v=replace(v,'\"last_t\": 1','\"last_t\": 0') WHERE k='word.hooks'"); /* an hour later */
    hooks_end(h, 20);
    h = start(hook("job_failed", "{ cat; echo; }", 0)); /* as an hour later */
    happen("job_failed", 1);
    assert_int_equal(tell(h), 1);
    hooks_end(h, 20);
    struct bytes b = content("told");
    assert_int_equal(count(&b, "\"held_back\": 0"), 1);
    assert_int_equal(count(&b, "\"held_back\": 4"), 1);
    bytes_free(&b);
    campaign_drop();
}

static void a_hook_that_hangs_holds_nobody_up(void **state)
{
    (void)state;
    campaign_make();
    struct hooks *h = start(hook("job_failed", "sleep 5; echo", 0));
    tell(h);
    happen("job_failed", 900);
    int64_t before = clock_monotonic();
    tell(h);
    hooks_end(h, 0.1);
    assert_true(clock_monotonic() - before < INT64_C(60000000000)); /* not an hour of seconds five */
    campaign_drop();
}

/* Whether some process still has the text among its words. */
static bool is_running(const char *word)
{
    struct child_answer answer = {0};
    struct error err = {0};
    const char *const argv[] = {"/bin/sh", "-c", "grep -aqs \"$1\" /proc/[0-9]*/environ", "sh", word, NULL};
    assert_true(child_run(&(struct child){.argv = argv, .seconds = 30}, &answer, &err));
    bool found = answer.exit_code == 0;
    child_answer_free(&answer);
    return found;
}

static void wait_until(bool running, const char *word)
{
    for (int i = 0; i < 1000 && is_running(word) != running; i++)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    assert_int_equal(is_running(word), running);
}

static void what_a_hook_started_ends_with_the_watcher(void **state)
{
    (void)state;
    static const char deaf[] = "trap '' TERM; HOOK_MARK=%s sleep 500 & HOOK_MARK=%s sleep 500; :";
    for (int i = 0; i < 2; i++) {
        campaign_make();
        char mark[32];
        snprintf(mark, sizeof mark, "hook%d_%d", i, (int)getpid());
        char *command = arena_printf(&here.arena, deaf, mark, mark);
        pid_t watcher = fork(); /* one that is told to end, one that is killed */
        if (watcher == 0) {
            struct hooks *h = start(hook("job_failed", command, 0));
            tell(h);
            happen("job_failed", 1);
            tell(h);
            if (i == 0)
                hooks_end(h, 2);
            pause();
            _exit(0);
        }
        wait_until(true, mark);
        if (i == 1)
            kill(watcher, SIGKILL);
        wait_until(false, mark);
        kill(watcher, SIGKILL);
        proc_reap(watcher);
        campaign_drop();
    }
}

static void a_hook_that_fails_is_counted_and_said(void **state)
{
    (void)state;
    char last[256] = "";
    campaign_make();
    struct hooks *h = start(hook("job_failed", "echo bad thing >&2; exit 3; echo", 0));
    tell(h);
    happen("job_failed", 1);
    tell(h);
    for (int i = 0; i < 500 && hooks_failed(h, last, sizeof last) == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_int_equal(hooks_failed(h, last, sizeof last), 1);
    assert_non_null(strstr(last, "bad thing"));
    hooks_end(h, 20);
    campaign_drop();
}

static void without_hooks_nothing_is_started(void **state)
{
    (void)state;
    campaign_make();
    assert_null(start("hook {\n event = job_failed\n}\n"));
    assert_null(start(""));
    assert_int_equal(tell(NULL), 0);
    hooks_end(NULL, 1);
    campaign_drop();
}

static void what_is_posted_has_the_form_that_its_address_wants(void **state)
{
    (void)state;
    static const char event[] = "{\"event\": \"job_failed\", \"run\": \"12\", \"text\": \"<b>no & \", "
                                "\"counts\": {\"job_failed\": 2}}";
    struct str out = {0};
    struct error err = {0};
    const char *type;
    assert_true(hook_body("https://a/hook", event, &out, &type, &err));
    assert_string_equal(out.text, event);
    str_clear(&out);
    assert_true(hook_body("$JID_UPDATE_COUNTERS", event, &out, &type, &err));
    struct json *counters = json_parse(out.text, out.len, "counters", &err);
    assert_string_equal(json_text(json_get(json_at(counters, 0), "key")), "job_failed");
    assert_string_equal(json_text(json_get(json_at(counters, 0), "value")), "2");
    assert_string_equal(json_text(json_get(json_at(counters, 1), "value")), "&lt;b>no &amp; ");
    json_free(counters);
    str_clear(&out);
    assert_true(hook_body("https://a/ws/new_elog_entry", event, &out, &type, &err));
    assert_string_equal(
        out.text,
        "log_text=xfelx%3A%20job_failed%2C%20run%2012%3A%20%3Cb%3Eno%20%26%20&log_tags=xfelx&run_num=12");
    assert_non_null(strstr(type, "form"));
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_told_once_as_json),
        cmocka_unit_test(the_next_watcher_goes_on_where_the_last_one_was),
        cmocka_unit_test(what_comes_too_often_is_held_back_and_counted),
        cmocka_unit_test(a_hook_that_hangs_holds_nobody_up),
        cmocka_unit_test(what_a_hook_started_ends_with_the_watcher),
        cmocka_unit_test(a_hook_that_fails_is_counted_and_said),
        cmocka_unit_test(without_hooks_nothing_is_started),
        cmocka_unit_test(what_is_posted_has_the_form_that_its_address_wants),
    };
    return cmocka_run_group_tests_name("cycle/hooks", tests, NULL, NULL);
}
