/* A disk that fails: what is written below one folder, as one process and its children write it. Built by tests/src/disk.rs as a library that
 * is loaded before all others.
 *
 * TERRANE_TEST_DISK names a file of one page whose first byte says how the disk is; it is mapped, so that a healthy disk costs one look at
 * memory. TERRANE_TEST_DISK_BELOW names the folder. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum mood {
  GOOD = 'g',
  FULL = 'f',    /* no room: a write writes half of what it is given, and the next one nothing */
  BROKEN = 'b',  /* writes fail */
  UNSYNCED = 'u',/* what is written cannot be synced */
  NAMELESS = 'n',/* nothing gets another name */
  SHORT = 's'    /* a write writes half of what it is given */
};

static volatile const char *page;
static char below[PATH_MAX];
static __thread int torn;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("TERRANE_TEST_DISK"), *folder = getenv("TERRANE_TEST_DISK_BELOW");
  if (!path || !folder || !realpath(folder, below)) return;
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) page = mapped;
  syscall(SYS_close, file);
}

static char mood(void) { return page ? *page : GOOD; }

static int is_below(const char *path) {
  size_t length = strlen(below);
  return strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int concerns(int file) {
  char link[64], path[PATH_MAX];
  struct stat status;
  if (fstat(file, &status) || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return is_below(path);
}

/* How many of so many bytes are to be written; -1 with errno. */
static ssize_t room(int file, size_t length) {
  char now = mood();
  if (now == GOOD || now == UNSYNCED || now == NAMELESS || !concerns(file)) return (ssize_t)length;
  if (now == BROKEN) {
    errno = EIO;
    return -1;
  }
  if (now == FULL && (torn || length < 2)) {
    torn = 0;
    errno = ENOSPC;
    return -1;
  }
  torn = now == FULL;
  return length < 2 ? (ssize_t)length : (ssize_t)(length / 2);
}

static int grows(int file) {
  char now = mood();
  if ((now != FULL && now != BROKEN) || !concerns(file)) return 1;
  errno = now == FULL ? ENOSPC : EIO;
  return 0;
}

static int syncs(int file) {
  if (mood() != UNSYNCED || !concerns(file)) return 1;
  errno = EIO;
  return 0;
}

ssize_t write(int file, const void *bytes, size_t length) {
  ssize_t some = room(file, length);
  return some < 0 ? -1 : syscall(SYS_write, file, bytes, (size_t)some);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
  ssize_t some = room(file, length);
  return some < 0 ? -1 : syscall(SYS_pwrite64, file, bytes, (size_t)some, at);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) { return pwrite64(file, bytes, length, at); }

ssize_t writev(int file, const struct iovec *parts, int count) {
  char now = mood();
  if (now == GOOD || now == UNSYNCED || now == NAMELESS || !concerns(file)) return syscall(SYS_writev, file, parts, count);
  /* The first part only: that is short enough. */
  return count > 0 ? write(file, parts[0].iov_base, parts[0].iov_len) : 0;
}

int fsync(int file) { return syncs(file) ? (int)syscall(SYS_fsync, file) : -1; }

int fdatasync(int file) { return syncs(file) ? (int)syscall(SYS_fdatasync, file) : -1; }

int ftruncate64(int file, off64_t length) { return grows(file) ? (int)syscall(SYS_ftruncate, file, length) : -1; }

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int fallocate64(int file, int how, off64_t from, off64_t length) {
  return grows(file) ? (int)syscall(SYS_fallocate, file, how, from, length) : -1;
}

int fallocate(int file, int how, off_t from, off_t length) { return fallocate64(file, how, from, length); }

int posix_fallocate64(int file, off64_t from, off64_t length) {
  return fallocate64(file, 0, from, length) ? errno : 0;
}

int posix_fallocate(int file, off_t from, off_t length) { return posix_fallocate64(file, from, length); }

int rename(const char *from, const char *to) {
  if (mood() == NAMELESS && is_below(to)) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}
