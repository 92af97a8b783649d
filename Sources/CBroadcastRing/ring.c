#define _GNU_SOURCE
#include "CBroadcastRing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

// linux/futex.h of an older system has neither the structure nor the number.
#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

struct qcr_waiter {
    uint64_t value;
    uint64_t address;
    uint32_t flags;
    uint32_t reserved;
};

enum { QCR_FUTEX_32 = 2, QCR_FUTEX_OWN = 128 };

int qcr_wake_all(uint32_t *word) {
    // Odd becomes even and larger, so that whoever is about to sleep on the odd value does not.
    uint32_t value = __atomic_load_n(word, __ATOMIC_RELAXED) | 1;
    __atomic_store_n(word, value + 1, __ATOMIC_SEQ_CST);
    return (int)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void qcr_poke(uint32_t *word) {
    __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

int qcr_wait(
    const uint32_t *word, uint32_t expected, const uint32_t *own, uint32_t own_expected, int64_t deadline
) {
    struct qcr_waiter waiters[2] = {
        {own_expected, (uint64_t)(uintptr_t)own, QCR_FUTEX_32 | QCR_FUTEX_OWN, 0},
        {expected, (uint64_t)(uintptr_t)word, QCR_FUTEX_32, 0},
    };
    struct timespec until = {deadline / 1000000000, deadline % 1000000000};
    long result = syscall(
        SYS_futex_waitv, waiters, word ? 2 : 1, 0, deadline == INT64_MAX ? NULL : &until, CLOCK_MONOTONIC
    );
    if (result >= 0 || errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR) {
        return 0;
    }
    return -1;
}

int qcr_create(size_t bytes) {
    int fd = memfd_create("quantcell-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        return -1;
    }
    int error = fchmod(fd, 0600) < 0 ? errno : posix_fallocate(fd, 0, (off_t)bytes);
    if (error == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) < 0) {
        error = errno;
    }
    if (error != 0) {
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int qcr_seal_writing(int fd) {
    return fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
}

int qcr_random(void *bytes, size_t count) {
    // Up to 256 bytes are given whole.
    return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -1;
}
