/* guard.c - leave a kernel that crashed or hangs; see guard.h. */
#include "parallel/guard.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define GUARDS 0
#else
#define GUARDS 1
#endif

enum { STACK_SIZE = 64 << 10 };

/* The signal that leaves a hanging kernel: of the real-time ones, which nobody else sends. */
#define SIGNAL_LEAVE (SIGRTMAX - 3)

struct guard {
    pthread_t thread;
    void *stack;
    sigjmp_buf back;
    volatile sig_atomic_t armed; /* inside guard_run */
    atomic_int_fast64_t since;   /* monotonic; 0: not inside */
    volatile uint8_t *mark;      /* what a crash leaves behind */
    uint8_t mark_value;
};

static _Thread_local struct guard *mine;

/* Made by the linker for a section whose name is an identifier. */
extern const char __start_kernel_text[] __attribute__((weak)), __stop_kernel_text[] __attribute__((weak));

bool guard_is_kernel(const void *address)
{
    const char *at = address;
    return at >= __start_kernel_text && at < __stop_kernel_text;
}

static const void *program_counter(const ucontext_t *context)
{
#if defined __x86_64__
    return (const void *)(uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined __aarch64__
    return (const void *)(uintptr_t)context->uc_mcontext.pc;
#else
    (void)context;
    return NULL;
#endif
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)info;
    struct guard *g = mine;
    bool asked = number == SIGNAL_LEAVE;
    if (g && g->armed && guard_is_kernel(program_counter(context))) {
        g->armed = 0;
        siglongjmp(g->back, asked ? GUARD_HANG : GUARD_FAULT);
    }
    if (!asked && g && g->armed && g->mark)
        *g->mark = g->mark_value;
    if (!asked)
        signal(number, SIG_DFL); /* returning meets the fault again, now with the default action */
}

void guard_install(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    if (!GUARDS)
        return;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    sigaction(SIGNAL_LEAVE, &action, NULL);
}

struct guard *guard_make(void)
{
    struct guard *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->thread = pthread_self();
    g->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g->stack == MAP_FAILED) {
        free(g);
        return NULL;
    }
    sigaltstack(&(stack_t){.ss_sp = g->stack, .ss_size = STACK_SIZE}, NULL);
    mine = g;
    return g;
}

void guard_free(struct guard *g)
{
    if (!g)
        return;
    mine = NULL;
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    munmap(g->stack, STACK_SIZE);
    free(g);
}

enum guard_end guard_run(struct guard *g, void (*work)(void *arg), void *arg)
{
    atomic_store(&g->since, clock_monotonic());
    int end = GUARDS ? sigsetjmp(g->back, 1) : GUARD_DONE;
    if (end == GUARD_DONE) {
        g->armed = 1;
        work(arg);
        g->armed = 0;
    }
    atomic_store(&g->since, 0);
    return (enum guard_end)end;
}

void guard_mark(struct guard *g, volatile uint8_t *byte, uint8_t value)
{
    g->mark = byte;
    g->mark_value = value;
}

int64_t guard_busy(const struct guard *g)
{
    int64_t since = atomic_load(&g->since);
    return since ? clock_monotonic() - since : 0;
}

void guard_interrupt(struct guard *g)
{
    if (GUARDS && guard_busy(g))
        pthread_kill(g->thread, SIGNAL_LEAVE);
}
