// Takes the place of the C library's allocation functions in the program that it is linked into, and counts their calls by thread.
#define _GNU_SOURCE
#include "AllocationCounter.h"

#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// glibc's own names for its own functions.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

enum { maxThreads = 1024, maxTraces = 8, maxFrames = 32 };

struct slot {
    _Atomic int32_t thread;
    _Atomic long own;
    _Atomic long zmq;
};

static __thread long counted;
static __thread int is_counting;

static _Atomic int is_watching;
static struct slot slots[maxThreads];
static _Atomic int slots_used;
static __thread struct slot *mine;

// The code of libzmq.
static uintptr_t zmq_begin;
static uintptr_t zmq_end;

static _Atomic int32_t traced;
static _Atomic int traces;
static void *frames[maxTraces][maxFrames];
static int depths[maxTraces];
// A backtrace may allocate, too.
static __thread int is_tracing;

static void trace(void) {
    if (is_tracing || atomic_load_explicit(&traced, memory_order_relaxed) != mine->thread) return;
    int index = atomic_fetch_add(&traces, 1);
    if (index >= maxTraces) return;
    is_tracing = 1;
    depths[index] = backtrace(frames[index], maxFrames);
    is_tracing = 0;
}

static void watch(uintptr_t caller) {
    if (!mine) {
        int index = atomic_fetch_add(&slots_used, 1);
        if (index >= maxThreads) abort();
        mine = &slots[index];
        mine->thread = gettid();
    }
    if (caller >= zmq_begin && caller < zmq_end) {
        atomic_fetch_add_explicit(&mine->zmq, 1, memory_order_relaxed);
    } else if (!is_tracing) {
        atomic_fetch_add_explicit(&mine->own, 1, memory_order_relaxed);
        trace();
    }
}

static inline void note(void *caller) {
    counted += is_counting;
    if (atomic_load_explicit(&is_watching, memory_order_relaxed)) watch((uintptr_t)caller);
}

static int find(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size;
    (void)unused;
    if (!strstr(info->dlpi_name, "libzmq.so")) return 0;
    for (int index = 0; index < info->dlpi_phnum; index++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[index];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        zmq_begin = info->dlpi_addr + part->p_vaddr;
        zmq_end = zmq_begin + part->p_memsz;
    }
    return 1;
}

void ac_begin(void) {
    counted = 0;
    is_counting = 1;
}

long ac_end(void) {
    is_counting = 0;
    return counted;
}

void ac_watch(void) {
    dl_iterate_phdr(find, NULL);
    // The first backtrace of a program loads a library.
    void *frame[1];
    backtrace(frame, 1);
    is_watching = 1;
}

static const struct slot *find_slot(int32_t thread) {
    if (!thread) return mine;
    int used = slots_used < maxThreads ? slots_used : maxThreads;
    for (int index = 0; index < used; index++) {
        if (slots[index].thread == thread) return &slots[index];
    }
    return NULL;
}

long ac_own(int32_t thread) {
    const struct slot *slot = find_slot(thread);
    return slot ? slot->own : 0;
}

long ac_zmq(int32_t thread) {
    const struct slot *slot = find_slot(thread);
    return slot ? slot->zmq : 0;
}

void ac_trace(int32_t thread) {
    traces = 0;
    traced = thread ? thread : gettid();
}

void ac_print_traces(void) {
    traced = 0;
    for (int index = 0; index < maxTraces && index < traces; index++) {
        static const char title[] = "--- an allocation, from the inside out\n";
        if (write(2, title, sizeof title - 1) < 0) return;
        backtrace_symbols_fd(frames[index], depths[index], 2);
    }
}

// MARK: C

void *malloc(size_t size) {
    note(__builtin_return_address(0));
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    note(__builtin_return_address(0));
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    note(__builtin_return_address(0));
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    note(__builtin_return_address(0));
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}

// MARK: C++

// operator new, by the names of the Itanium ABI: called by libzmq, it would else be libstdc++ that calls malloc.
static void *make(size_t size) {
    void *memory = __libc_malloc(size ? size : 1);
    // Without exceptions there is no other way to say so.
    if (!memory) abort();
    return memory;
}

void *_Znwm(size_t size) {
    note(__builtin_return_address(0));
    return make(size);
}

void *_Znam(size_t size) {
    note(__builtin_return_address(0));
    return make(size);
}

void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow) {
    (void)nothrow;
    note(__builtin_return_address(0));
    return __libc_malloc(size ? size : 1);
}

void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow) {
    (void)nothrow;
    note(__builtin_return_address(0));
    return __libc_malloc(size ? size : 1);
}
