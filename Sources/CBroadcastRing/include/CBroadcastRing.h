/// What a ring in shared memory needs and Swift cannot say: C11's memory model over mapped words, futexes on them, and a file in
/// memory that cannot be cut short.
///
/// Functions that can fail return -1 and set `errno`: read it on the very next line. None allocates or keeps a pointer.
#ifndef QUANTCELL_CBROADCASTRING_H
#define QUANTCELL_CBROADCASTRING_H

#include <stddef.h>
#include <stdint.h>

// MARK: Words

// Other processes read and write these words at the same time, so every access is atomic. Addresses are multiples of the word's size.

/// Reads a word, and whatever was written before it was stored.
static inline uint64_t qcr_load(const void *_Nonnull word) {
    return __atomic_load_n((const uint64_t *)word, __ATOMIC_ACQUIRE);
}

/// Stores a word behind everything that was written before.
static inline void qcr_store(void *_Nonnull word, uint64_t value) {
    __atomic_store_n((uint64_t *)word, value, __ATOMIC_RELEASE);
}

/// Reads a word behind all reads that come before it.
static inline uint64_t qcr_load_after_reads(const void *_Nonnull word) {
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n((const uint64_t *)word, __ATOMIC_RELAXED);
}

/// Stores a word before all writes that come after it.
static inline void qcr_store_before_writes(void *_Nonnull word, uint64_t value) {
    __atomic_store_n((uint64_t *)word, value, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

/// Reads a word in no particular order.
static inline uint64_t qcr_peek(const void *_Nonnull word) {
    return __atomic_load_n((const uint64_t *)word, __ATOMIC_RELAXED);
}

/// Writes a word in no particular order.
static inline void qcr_put(void *_Nonnull word, uint64_t value) {
    __atomic_store_n((uint64_t *)word, value, __ATOMIC_RELAXED);
}

/// Copies `bytes` bytes into the ring at `to`, a multiple of 8; the last word is filled up with zeros.
static inline void qcr_copy_in(void *_Nonnull to, const void *_Nonnull from, size_t bytes) {
    uint64_t *words = (uint64_t *)to;
    const char *source = (const char *)from;
    size_t whole = bytes / 8;
    for (size_t i = 0; i < whole; i++) {
        uint64_t word;
        __builtin_memcpy(&word, source + i * 8, 8);
        __atomic_store_n(words + i, word, __ATOMIC_RELAXED);
    }
    if (bytes % 8) {
        uint64_t word = 0;
        __builtin_memcpy(&word, source + whole * 8, bytes % 8);
        __atomic_store_n(words + whole, word, __ATOMIC_RELAXED);
    }
}

/// Copies `bytes` bytes, rounded up to a multiple of 8, out of the ring from `from`, a multiple of 8.
static inline void qcr_copy_out(void *_Nonnull to, const void *_Nonnull from, size_t bytes) {
    const uint64_t *words = (const uint64_t *)from;
    char *target = (char *)to;
    for (size_t i = 0; i < (bytes + 7) / 8; i++) {
        uint64_t word = __atomic_load_n(words + i, __ATOMIC_RELAXED);
        __builtin_memcpy(target + i * 8, &word, 8);
    }
}

// MARK: Sleeping and waking

/// Says that somebody is about to sleep, and returns what the word holds while that is so: hand it to `qcr_wait`. Whoever looks for
/// news after this call and finds none does not miss any.
static inline uint32_t qcr_announce_sleep(uint32_t *_Nonnull word) {
    return __atomic_fetch_or(word, 1, __ATOMIC_SEQ_CST) | 1;
}

/// Whether somebody has said that it sleeps, since the last wake. Sees everybody who has not seen what was stored before this call.
static inline int qcr_has_sleepers(const uint32_t *_Nonnull word) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(word, __ATOMIC_RELAXED) & 1;
}

/// Reads a 32-bit word, and whatever was written before it was stored.
static inline uint32_t qcr_load32(const uint32_t *_Nonnull word) {
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/// Wakes all who sleep on the word, in any process; returns how many.
int qcr_wake_all(uint32_t *_Nonnull word);

/// Changes a word of this process and wakes the one that sleeps on it.
void qcr_poke(uint32_t *_Nonnull word);

/// Sleeps until the shared word, unless it is NULL, is no longer `expected` and woken, or the word of this process is no longer
/// `own_expected` and poked, or the time `deadline` of CLOCK_MONOTONIC in nanoseconds has come (INT64_MAX: never), or a signal was
/// handled. Returns 0 after all of these. Fails with ENOSYS on a kernel before 5.16, or where a sandbox forbids it.
int qcr_wait(
    const uint32_t *_Nullable word, uint32_t expected,
    const uint32_t *_Nonnull own, uint32_t own_expected, int64_t deadline
);

// MARK: The file

/// A close-on-exec file of `bytes` zeros in memory, without a name, mode 0600, all of it allocated, that nobody can shorten or
/// lengthen. The caller owns and closes the descriptor.
int qcr_create(size_t bytes);

/// Makes the file readable only from now on, for good, but for mappings that are there already (Linux 5.1). Returns 0.
int qcr_seal_writing(int fd);

/// Fills `bytes` with random bytes; returns 0.
int qcr_random(void *_Nonnull bytes, size_t count);

#endif
