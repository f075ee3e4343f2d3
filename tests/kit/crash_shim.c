/* Counts what a process asks of disk and network through libc, and makes one such call the last or a failing one.
 *
 * Preloaded (LD_PRELOAD) into a Python that arms it by crash_arm(); a program started by exec is not armed.
 * Each call is one letter in the journal: F fsync  R rename  U unlink, rmdir  T truncate  W write to a file
 * P page written by the database  C copy within the kernel  S send to a network
 * D fsync of the folder `state`: SQLite's own after it made a file there, of which it ignores the outcome
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 65536
static atomic_long count;
static long armed_at = -1;
static int armed_action; /* 0: SIGKILL, else an errno */
static int armed;
static char journal[MOST];

void crash_arm(long at, int action) {
    armed_at = at;
    armed_action = action;
    atomic_store(&count, 0);
    armed = 1;
}
void crash_disarm(void) { armed = 0; }
void crash_resume(void) { armed = 1; }
long crash_count(void) { return atomic_load(&count); }
const char *crash_journal(void) { return journal; }

static int struck(char kind) {
    if (!armed) return 0;
    long number = atomic_fetch_add(&count, 1) + 1;
    if (number <= MOST) journal[number - 1] = kind;
    if (number != armed_at) return 0;
    if (!armed_action) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    errno = armed_action;
    return 1;
}

static char kind_of(int fd) { /* a pipe, an event counter or a socket between two of our own is nobody's disk or line */
    struct stat found;
    struct sockaddr_storage here;
    socklen_t length = sizeof here;
    if (!armed || fstat(fd, &found)) return 0;
    if (S_ISREG(found.st_mode)) return 'W';
    if (!S_ISSOCK(found.st_mode) || getsockname(fd, (struct sockaddr *)&here, &length)) return 0;
    return here.ss_family == AF_UNIX ? 0 : 'S';
}

static char kind_of_sync(int fd) {
    struct stat found;
    char link[64], path[4096];
    if (!armed || fstat(fd, &found) || !S_ISDIR(found.st_mode)) return 'F';
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    return length > 6 && !memcmp(path + length - 6, "/state", 6) ? 'D' : 'F';
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define WRAP(result, name, kind, parameters, arguments)      \
    result name parameters {                                 \
        static __typeof__(&name) real;                       \
        if (!real) real = REAL(name);                        \
        if (struck(kind)) return -1;                         \
        return real arguments;                               \
    }
#define WRAP_FD(result, name, parameters, arguments)         \
    result name parameters {                                 \
        static __typeof__(&name) real;                       \
        if (!real) real = REAL(name);                        \
        char kind = kind_of(fd);                             \
        if (kind && struck(kind)) return -1;                 \
        return real arguments;                               \
    }

WRAP(int, fsync, kind_of_sync(fd), (int fd), (fd))
WRAP(int, fdatasync, kind_of_sync(fd), (int fd), (fd))
WRAP(int, rename, 'R', (const char *a, const char *b), (a, b))
WRAP(int, renameat, 'R', (int d, const char *a, int e, const char *b), (d, a, e, b))
WRAP(int, renameat2, 'R', (int d, const char *a, int e, const char *b, unsigned f), (d, a, e, b, f))
WRAP(int, unlink, 'U', (const char *a), (a))
WRAP(int, unlinkat, 'U', (int d, const char *a, int f), (d, a, f))
WRAP(int, rmdir, 'U', (const char *a), (a))
WRAP(int, ftruncate, 'T', (int fd, off_t n), (fd, n))
WRAP(int, ftruncate64, 'T', (int fd, off64_t n), (fd, n))
WRAP(ssize_t, pwrite, 'P', (int fd, const void *b, size_t n, off_t o), (fd, b, n, o))
WRAP(ssize_t, pwrite64, 'P', (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o))
WRAP(ssize_t, copy_file_range, 'C', (int a, off64_t *p, int b, off64_t *q, size_t n, unsigned f), (a, p, b, q, n, f))
WRAP_FD(ssize_t, send, (int fd, const void *b, size_t n, int f), (fd, b, n, f))
WRAP_FD(ssize_t, sendto, (int fd, const void *b, size_t n, int f, const struct sockaddr *a, socklen_t l),
        (fd, b, n, f, a, l))
WRAP_FD(ssize_t, sendmsg, (int fd, const struct msghdr *m, int f), (fd, m, f))
WRAP_FD(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n))
WRAP_FD(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
