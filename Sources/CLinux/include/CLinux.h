/// Linux calls that Swift cannot reach through Glibc: no libc wrapper, a variadic, a macro, or a header that the Glibc
/// module leaves out.
///
/// Unless a comment says otherwise, a function returns -1 and sets `errno` when it fails: read `errno` on the very next
/// line. No function allocates, blocks (but `qc_epoll_wait` and `qc_flock`) or keeps a pointer after it has returned.
#ifndef QUANTCELL_CLINUX_H
#define QUANTCELL_CLINUX_H

// Without _GNU_SOURCE: Swift's Glibc module is built without it, and clang refuses to see one libc in two versions.
// What only _GNU_SOURCE shows is not inline but in shim.c.
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// MARK: Clocks

/// CLOCK_MONOTONIC in nanoseconds: for durations. Cannot fail. In C because it is on the hot path and needs no struct.
static inline int64_t qc_monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/// CLOCK_REALTIME in nanoseconds since the Unix epoch: for time stamps; it may jump. Cannot fail.
static inline int64_t qc_realtime_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// MARK: eventfd

/// A new eventfd with count 0, close-on-exec and non-blocking. The caller owns and closes it.
/// In C because the Glibc module leaves out <sys/eventfd.h>.
static inline int qc_eventfd_create(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/// Adds 1 to the count and so makes `fd` readable; returns 0. A full counter is readable already and counts as success.
/// Safe from any thread and from a signal handler.
static inline int qc_eventfd_signal(int fd) {
    const uint64_t one = 1;
    ssize_t written;
    do {
        written = write(fd, &one, sizeof one);
    } while (written < 0 && errno == EINTR);
    return written == (ssize_t)sizeof one || errno == EAGAIN ? 0 : -1;
}

/// Takes the whole count, so that `fd` is no longer readable. Returns 1 when there was one, 0 when there was none.
static inline int qc_eventfd_drain(int fd) {
    uint64_t count;
    ssize_t length;
    do {
        length = read(fd, &count, sizeof count);
    } while (length < 0 && errno == EINTR);
    if (length == (ssize_t)sizeof count) {
        return 1;
    }
    return errno == EAGAIN ? 0 : -1;
}

// MARK: epoll

/// One ready descriptor. The kernel's `epoll_event` is packed and holds a union, which Swift imports badly.
typedef struct {
    /// What the caller gave to `qc_epoll_add`.
    uint64_t token;
    /// QC_EPOLL_* bits.
    uint32_t events;
} qc_epoll_event;

/// Readable; for a pidfd: the process has exited.
static const uint32_t QC_EPOLL_IN = EPOLLIN;
/// Writable.
static const uint32_t QC_EPOLL_OUT = EPOLLOUT;
/// An error is pending; always reported.
static const uint32_t QC_EPOLL_ERR = EPOLLERR;
/// The other end has hung up; always reported.
static const uint32_t QC_EPOLL_HUP = EPOLLHUP;

/// A new close-on-exec epoll set. The caller owns and closes it; it is itself readable while a member is ready.
/// In C because the Glibc module leaves out <sys/epoll.h>.
static inline int qc_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

/// Adds `fd`, level-triggered, and returns 0. The set does not own `fd`. Fails with EEXIST when it is a member already.
static inline int qc_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// Changes what is waited for on the member `fd`, and its token. Returns 0.
static inline int qc_epoll_modify(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

/// Removes the member `fd`, before it is closed. Returns 0; fails with ENOENT when it is no member.
static inline int qc_epoll_remove(int epoll, int fd) {
    return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
}

/// Waits up to `timeout_ms` (0 only looks, -1 has no limit), fills `ready`, which the caller owns, and returns how
/// many. One call reports at most 64; the rest come with the next. A signal ends the wait early with 0, not EINTR.
static inline int qc_epoll_wait(int epoll, qc_epoll_event *_Nonnull ready, int capacity, int timeout_ms) {
    struct epoll_event batch[64];
    int count = epoll_wait(epoll, batch, capacity < 64 ? capacity : 64, timeout_ms);
    if (count < 0) {
        return errno == EINTR ? 0 : -1;
    }
    for (int i = 0; i < count; i++) {
        ready[i].token = batch[i].data.u64;
        ready[i].events = batch[i].events;
    }
    return count;
}

// MARK: pidfd

/// A close-on-exec descriptor for the process `pid`, readable when it has exited (Linux 5.3). The caller owns and
/// closes it. Fails with ESRCH when there is no such process. In C because glibc has a wrapper only from 2.36.
static inline int qc_pidfd_open(pid_t pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/// Sends `signal` (0 only checks) to the very process that `pidfd` stands for, whoever has its pid by now; returns 0
/// (Linux 5.1). Fails with ESRCH once it has been reaped.
static inline int qc_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

/// How a child ended, as waitid(2) says it.
typedef struct {
    pid_t pid;
    /// CLD_EXITED, CLD_KILLED or CLD_DUMPED.
    int code;
    /// The exit code, or the number of the signal.
    int status;
    /// CPU time in user and in kernel mode, of the child and of the descendants it has waited for, in microseconds.
    int64_t user_us;
    int64_t system_us;
    /// The largest resident set of any one of them, in KiB.
    int64_t peak_resident_kib;
} qc_child_exit;

/// What the two functions below share. `options` is added to WEXITED | WNOHANG.
static inline int qc_waitid_pidfd(int pidfd, int options, qc_child_exit *_Nonnull result) {
    // The libc wrapper has no fifth argument; the kernel reports the resource usage there.
    siginfo_t info;
    struct rusage usage;
    long status;
    memset(&info, 0, sizeof info);
    memset(&usage, 0, sizeof usage);
    const int by_pidfd = 3;  // P_PIDFD, Linux 5.4
    do {
        status = syscall(SYS_waitid, by_pidfd, pidfd, &info, WEXITED | WNOHANG | options, &usage);
    } while (status < 0 && errno == EINTR);
    if (status < 0) {
        return -1;
    }
    result->pid = info.si_pid;
    result->code = info.si_code;
    result->status = info.si_status;
    result->user_us = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
    result->system_us = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;
    result->peak_resident_kib = usage.ru_maxrss;
    return info.si_pid == 0 ? 0 : 1;
}

/// Whether the child has exited, without collecting it: 1 and `result` filled, or 0 when it lives. Never waits.
/// Fails with ECHILD when it has been reaped or is no child of this process.
static inline int qc_pidfd_peek_exit(int pidfd, qc_child_exit *_Nonnull result) {
    return qc_waitid_pidfd(pidfd, WNOWAIT, result);
}

/// Collects the child if it has exited: 1 and `result` filled, or 0 when it lives. Never waits; ECHILD as above.
static inline int qc_pidfd_reap(int pidfd, qc_child_exit *_Nonnull result) {
    return qc_waitid_pidfd(pidfd, 0, result);
}

// MARK: posix_spawn

/// Gives the child a session of its own, default handling of every signal and an empty signal mask.
/// Returns an error number or 0, and leaves `errno` alone. In C because POSIX_SPAWN_SETSID is a GNU extension.
int qc_spawn_set_detached(posix_spawnattr_t *_Nonnull attributes);

/// Closes every descriptor >= `from` in the child (glibc 2.34). Returns an error number or 0; leaves `errno` alone.
/// In C because it is a GNU extension.
int qc_spawn_add_close_from(posix_spawn_file_actions_t *_Nonnull actions, int from);

/// Makes the directory open at `fd` the child's own (glibc 2.29). Returns an error number or 0; leaves `errno` alone.
/// In C because it is a GNU extension.
int qc_spawn_add_fchdir(posix_spawn_file_actions_t *_Nonnull actions, int fd);

// MARK: This process

/// Names the calling thread, as `top -H` and `ps -L` show it; cut to 15 bytes. Returns 0.
/// In C because prctl is variadic.
static inline int qc_set_thread_name(const char *_Nonnull name) {
    return prctl(PR_SET_NAME, name, 0, 0, 0);
}

/// Makes this process the new parent of orphaned descendants, which it then has to reap. Returns 0.
static inline int qc_set_child_subreaper(bool enabled) {
    return prctl(PR_SET_CHILD_SUBREAPER, enabled ? 1 : 0, 0, 0, 0);
}

/// The calling thread's id. Cannot fail.
static inline pid_t qc_gettid(void) {
    return (pid_t)syscall(SYS_gettid);
}

// MARK: Descriptors and names

/// Closes every descriptor from `first` to `last`, both included (Linux 5.9). Returns 0.
static inline int qc_close_range(unsigned int first, unsigned int last) {
    return (int)syscall(SYS_close_range, first, last, 0);
}

/// flock(2) with LOCK_* bits; returns 0. The lock belongs to the open file and goes when it is closed. Without LOCK_NB
/// it waits; with it a lock that somebody holds is EWOULDBLOCK.
/// In C because Swift takes `flock` for the struct of that name.
static inline int qc_flock(int fd, int operation) {
    int status;
    do {
        status = flock(fd, operation);
    } while (status < 0 && errno == EINTR);
    return status;
}

/// The name of a signal without `SIG`, such as `KILL`; NULL when it has none. Static storage (glibc 2.32).
/// In C because sigabbrev_np is a GNU extension.
const char *_Nullable qc_signal_abbreviation(int signal);

#endif
