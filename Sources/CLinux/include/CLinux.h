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
#include <execinfo.h>
#include <linux/falloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <sys/xattr.h>
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

// MARK: Memory that outlives the process

// Words in a mapped file, which Swift's atomics cannot be laid over. The address must be a multiple of 8.

/// Reads a word, and whatever was written before it was stored. Cannot fail.
static inline uint64_t qc_load_acquire(const void *_Nonnull word) {
    return __atomic_load_n((const uint64_t *)word, __ATOMIC_ACQUIRE);
}

/// Stores a word behind everything that was written before. Cannot fail.
static inline void qc_store_release(void *_Nonnull word, uint64_t value) {
    __atomic_store_n((uint64_t *)word, value, __ATOMIC_RELEASE);
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
/// Told once for each change, not for as long as it lasts.
static const uint32_t QC_EPOLL_EDGE = EPOLLET;

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

/// What the functions below share. `options` is added to WEXITED | WNOHANG.
static inline int qc_waitid(int type, id_t id, int options, qc_child_exit *_Nonnull result) {
    // The libc wrapper has no fifth argument; the kernel reports the resource usage there.
    siginfo_t info;
    struct rusage usage;
    long status;
    memset(&info, 0, sizeof info);
    memset(&usage, 0, sizeof usage);
    do {
        status = syscall(SYS_waitid, type, id, &info, WEXITED | WNOHANG | options, &usage);
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
    const int by_pidfd = 3;  // P_PIDFD, Linux 5.4
    return qc_waitid(by_pidfd, (id_t)pidfd, WNOWAIT, result);
}

/// Collects the child if it has exited: 1 and `result` filled, or 0 when it lives. Never waits; ECHILD as above.
static inline int qc_pidfd_reap(int pidfd, qc_child_exit *_Nonnull result) {
    const int by_pidfd = 3;
    return qc_waitid(by_pidfd, (id_t)pidfd, 0, result);
}

/// Whether any child has exited, without collecting it: 1 and `result` filled, or 0. Never waits; ECHILD: no child.
static inline int qc_any_child_peek_exit(qc_child_exit *_Nonnull result) {
    return qc_waitid(P_ALL, 0, WNOWAIT, result);
}

/// Collects the child `pid` if it has exited: 1 and `result` filled, or 0 when it lives. Never waits; ECHILD as above.
static inline int qc_child_reap(pid_t pid, qc_child_exit *_Nonnull result) {
    return qc_waitid(P_PID, (id_t)pid, 0, result);
}

/// Sends `signal` to the process group that the process behind `pidfd` leads, even when it has been reaped itself
/// (Linux 6.9); returns 0. Fails with EINVAL on an older kernel, with ESRCH when the group has nobody left.
static inline int qc_pidfd_send_group_signal(int pidfd, int signal) {
    const unsigned int process_group = 1U << 2;  // PIDFD_SIGNAL_PROCESS_GROUP
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, process_group);
}

/// How the process behind `pidfd`, child or not, ended: 1 and `status` as wait(2) gives it, or 0 when the kernel does
/// not know, because it is too old (Linux 6.15 does) or because the process has not been reaped. Leaves `errno` open.
static inline int qc_pidfd_exit_status(int pidfd, int *_Nonnull status) {
    // struct pidfd_info, version 0, of <linux/pidfd.h>, which is newer than most installed headers.
    struct {
        uint64_t mask;
        uint64_t cgroup;
        uint32_t identities[11];
        int32_t exit_code;
    } info;
    const uint64_t with_exit = 1U << 3;  // PIDFD_INFO_EXIT
    memset(&info, 0, sizeof info);
    info.mask = with_exit;
    if (ioctl(pidfd, _IOWR(0xFF, 11, info), &info) < 0 || !(info.mask & with_exit)) {
        return 0;
    }
    *status = info.exit_code;
    return 1;
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

/// The return addresses of the calling thread's frames, innermost first; returns how many. The first call loads the
/// unwinder and may allocate; those after it are safe in a signal handler.
/// In C because the Glibc module leaves out <execinfo.h>.
static inline int qc_backtrace(void *_Nullable *_Nonnull frames, int capacity) {
    return backtrace(frames, capacity);
}

/// How many bytes of `stdout` are buffered and not yet written: none after whole lines, where it is line-buffered.
/// Cannot fail. In C because the Glibc module leaves out <stdio_ext.h>.
size_t qc_stdout_pending(void);

/// Keeps this process and all it executes from gaining privileges by set-user-id files and the like, for ever.
/// Returns 0.
static inline int qc_set_no_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/// The calling thread's id. Cannot fail.
static inline pid_t qc_gettid(void) {
    return (pid_t)syscall(SYS_gettid);
}

// MARK: Limits

// In C because some of these names are macros over other enumerators, which Swift does not see.
static const int QC_LIMIT_DATA = RLIMIT_DATA;
static const int QC_LIMIT_ADDRESS_SPACE = RLIMIT_AS;
static const int QC_LIMIT_CPU = RLIMIT_CPU;
static const int QC_LIMIT_OPEN_FILES = RLIMIT_NOFILE;
static const int QC_LIMIT_PROCESSES = RLIMIT_NPROC;
static const int QC_LIMIT_CORE = RLIMIT_CORE;

/// A resource limit; UINT64_MAX is none.
typedef struct {
    uint64_t soft;
    uint64_t hard;
} qc_limit;

/// Reads the limit QC_LIMIT_* of the process `pid`, 0 for this one. Returns 0.
/// In C because prlimit is a GNU extension.
static inline int qc_get_limit(pid_t pid, int resource, qc_limit *_Nonnull limit) {
    return (int)syscall(SYS_prlimit64, pid, resource, NULL, limit);
}

/// Sets the limit QC_LIMIT_* of the process `pid`, 0 for this one. Returns 0. Fails with EPERM when it would raise the
/// hard limit, or when the process belongs to another user, without CAP_SYS_RESOURCE.
static inline int qc_set_limit(pid_t pid, int resource, const qc_limit *_Nonnull limit) {
    return (int)syscall(SYS_prlimit64, pid, resource, limit, NULL);
}

/// Reads the nice value of one thread. Returns 0. In C because -1 is a nice value as well as a failure.
static inline int qc_get_nice(pid_t thread, int *_Nonnull nice) {
    errno = 0;
    *nice = getpriority(PRIO_PROCESS, (id_t)thread);
    return *nice == -1 && errno != 0 ? -1 : 0;
}

/// Sets the nice value of one thread: in Linux not of the whole process. Returns 0.
static inline int qc_set_nice(pid_t thread, int nice) {
    return setpriority(PRIO_PROCESS, (id_t)thread, nice);
}

/// Reads the CPUs that one thread may run on into `mask`, which the caller owns; returns the number of bytes filled.
/// In C because cpu_set_t is a GNU extension.
static inline int qc_get_affinity(pid_t thread, uint64_t *_Nonnull mask, size_t bytes) {
    return (int)syscall(SYS_sched_getaffinity, thread, bytes, mask);
}

/// Sets the CPUs that one thread may run on; those that are not there are passed over. Returns 0.
static inline int qc_set_affinity(pid_t thread, const uint64_t *_Nonnull mask, size_t bytes) {
    return (int)syscall(SYS_sched_setaffinity, thread, bytes, mask);
}

/// For how long the calling thread asks to run at a time, nanoseconds; 0 for what is usual. Threads and processes that it starts ask for
/// the same.
/// Whoever asks for less comes sooner: from Linux 6.12 on it does not wait for the end of a longer slice. Earlier ones pass over it.
/// Returns what it asked for before, or -1. In C because glibc only lately knows the call.
static inline int64_t qc_swap_slice(uint64_t nanoseconds) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {.size = sizeof attributes};
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return -1;
    // The other policies mean something else by it.
    if (attributes.policy != 0) return 0;
    int64_t before = (int64_t)attributes.runtime;
    attributes.runtime = nanoseconds;
    return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0 ? before : -1;
}

// MARK: Descriptors and names

/// Reads an extended attribute of a file into `value`, which the caller owns; returns its length.
/// In C because the Glibc module leaves out <sys/xattr.h>.
static inline ssize_t qc_get_attribute(
    const char *_Nonnull path, const char *_Nonnull name, char *_Nonnull value, size_t capacity
) {
    return getxattr(path, name, value, capacity);
}

/// Bounds what the allocator keeps: at most `arenas` heaps, whatever the number of threads, and blocks of `large` bytes or more outside of
/// them, so that they go back to the system when they are freed. Otherwise glibc raises that size up to 32 MiB as it sees large blocks freed.
/// Declared here: <malloc.h> brings <stdio.h> with it, whose variables Swift would then see through this module.
extern int mallopt(int parameter, int value);
static inline void qc_bound_heaps(int arenas, int large) {
    const int arena_max = -8, mmap_threshold = -3;  // M_ARENA_MAX, M_MMAP_THRESHOLD
    mallopt(arena_max, arenas);
    mallopt(mmap_threshold, large);
}

/// Gives the space of the file's first `length` bytes back; its size stays, and they read as zeros. Returns 0.
/// glibc declares fallocate(2) only with _GNU_SOURCE, which a header cannot set for whoever includes it.
static inline int qc_punch_hole(int fd, long long length) {
    return (int)syscall(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0LL, length);
}

/// Where the file's first byte that is not in a hole is, at most a block too low; -1 where there is none.
static inline long long qc_first_data(int fd) {
    // SEEK_DATA, which also needs _GNU_SOURCE.
    return lseek(fd, 0, 3);
}

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
