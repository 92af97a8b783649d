#define _GNU_SOURCE
#include "CLinux.h"

#include <stdio.h>
#include <stdio_ext.h>

int qc_spawn_set_detached(posix_spawnattr_t *attributes) {
    sigset_t every, none;
    sigfillset(&every);
    sigemptyset(&none);
    int status = posix_spawnattr_setsigdefault(attributes, &every);
    if (status == 0) {
        status = posix_spawnattr_setsigmask(attributes, &none);
    }
    if (status != 0) {
        return status;
    }
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

int qc_spawn_add_close_from(posix_spawn_file_actions_t *actions, int from) {
    return posix_spawn_file_actions_addclosefrom_np(actions, from);
}

int qc_spawn_add_fchdir(posix_spawn_file_actions_t *actions, int fd) {
    return posix_spawn_file_actions_addfchdir_np(actions, fd);
}

const char *qc_signal_abbreviation(int signal) {
    return sigabbrev_np(signal);
}

size_t qc_stdout_pending(void) {
    return __fpending(stdout);
}
