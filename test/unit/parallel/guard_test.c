#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "parallel/guard.h"

#include "kernels/geometry_panel.h"
#include "kernels/sort.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define NEEDS_GUARDS()                                                                                       \
    do {                                                                                                     \
        print_message("guards are off in this build\n");                                                     \
        skip();                                                                                              \
    } while (0)
#else
#define NEEDS_GUARDS() guard_install() /* cmocka has its own handlers, set anew for each test */
#endif

static int done;

static void fine(void *arg)
{
    (void)arg;
    done++;
}

/* A kernel that reads where nothing is. */
static void crash(void *arg)
{
    double px[2];
    panel_ray_to_pixel(arg, (const double[]){0, 0, -1}, px);
    done++;
}

static void work_that_ends_is_done(void **state)
{
    (void)state;
    struct guard *g = guard_make();
    done = 0;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(guard_run(g, fine, NULL), GUARD_DONE);
    assert_int_equal(done, 1000);
    assert_int_equal(guard_busy(g), 0);
    guard_free(g);
}

static void a_kernel_that_crashes_is_left_again_and_again(void **state)
{
    (void)state;
    NEEDS_GUARDS();
    struct guard *g = guard_make();
    done = 0;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(guard_run(g, crash, (void *)(uintptr_t)(64 + i)), GUARD_FAULT);
        assert_int_equal(guard_run(g, fine, NULL), GUARD_DONE);
    }
    assert_int_equal(done, 100);
    guard_free(g);
}

static void kernels_are_told_from_everything_else(void **state)
{
    (void)state;
    NEEDS_GUARDS();
    assert_true(guard_is_kernel((const void *)(uintptr_t)&panel_ray_to_pixel));
    assert_true(guard_is_kernel((const void *)(uintptr_t)&sort_doubles));
    assert_false(guard_is_kernel((const void *)(uintptr_t)&guard_run));
    assert_false(guard_is_kernel((const void *)(uintptr_t)&memcpy));
    assert_false(guard_is_kernel((const void *)(uintptr_t)&fine));
}

/* A crash outside kernels is the end of the process, by the same signal. */
static void a_crash_elsewhere_ends_the_process(void **state)
{
    (void)state;
    NEEDS_GUARDS();
    pid_t pid = fork();
    if (pid == 0) {
        struct guard *g = guard_make();
        guard_run(g, (void (*)(void *))(uintptr_t)8, NULL); /* jumps into nowhere */
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* ---- hanging ---- */

enum { MANY = 3000000 };
static double *numbers;

/* Sorts for ever: nearly always inside the kernel. */
static void hang(void *arg)
{
    (void)arg;
    for (;;) {
        for (size_t i = 0; i < MANY; i++)
            numbers[i] = (double)((i * 2654435761u) % 1000003);
        sort_doubles(numbers, MANY);
    }
}

static void waits(void *arg)
{
    struct timespec left = {.tv_nsec = 300000000};
    while (nanosleep(&left, &left) != 0) /* a disk, say */
        ;
    *(int *)arg = 1;
}

struct victim {
    struct guard *guard;
    pthread_barrier_t ready, over;
    void (*work)(void *);
    enum guard_end end;
    int finished;
    atomic_int returned;
};

static void *live(void *arg)
{
    struct victim *v = arg;
    v->guard = guard_make();
    pthread_barrier_wait(&v->ready);
    v->end = guard_run(v->guard, v->work, &v->finished);
    atomic_store(&v->returned, 1);
    pthread_barrier_wait(&v->over); /* nobody asks about the guard any more */
    guard_free(v->guard);
    return NULL;
}

/* Interrupt work every ten milliseconds until it returns. */
static void watch(struct victim *v)
{
    pthread_t thread;
    pthread_barrier_init(&v->ready, NULL, 2);
    pthread_barrier_init(&v->over, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, live, v), 0);
    pthread_barrier_wait(&v->ready);
    while (!atomic_load(&v->returned)) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        guard_interrupt(v->guard);
    }
    pthread_barrier_wait(&v->over);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&v->ready);
    pthread_barrier_destroy(&v->over);
}

static void a_kernel_that_hangs_is_left(void **state)
{
    (void)state;
    NEEDS_GUARDS();
    struct victim v = {.work = hang};
    numbers = malloc(MANY * sizeof *numbers);
    watch(&v);
    assert_int_equal(v.end, GUARD_HANG);
    free(numbers);
}

static void one_that_waits_for_a_disk_is_not_disturbed(void **state)
{
    (void)state;
    struct victim v = {.work = waits};
    guard_install();
    watch(&v);
    assert_true(v.end == GUARD_DONE && v.finished == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_that_ends_is_done),
        cmocka_unit_test(a_kernel_that_crashes_is_left_again_and_again),
        cmocka_unit_test(kernels_are_told_from_everything_else),
        cmocka_unit_test(a_crash_elsewhere_ends_the_process),
        cmocka_unit_test(a_kernel_that_hangs_is_left),
        cmocka_unit_test(one_that_waits_for_a_disk_is_not_disturbed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
