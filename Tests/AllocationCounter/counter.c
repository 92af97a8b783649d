// Takes the place of the C library's allocation functions in the program that it is linked into, and counts their calls by thread.
#include "AllocationCounter.h"

#include <errno.h>
#include <stddef.h>

// glibc's own names for its own functions.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static __thread long counted;
static __thread int is_counting;

void ac_begin(void) {
    counted = 0;
    is_counting = 1;
}

long ac_end(void) {
    is_counting = 0;
    return counted;
}

void *malloc(size_t size) {
    counted += is_counting;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    counted += is_counting;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
    counted += is_counting;
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    counted += is_counting;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    counted += is_counting;
    *memory = __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}
