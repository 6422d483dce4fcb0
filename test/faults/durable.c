/* Loaded before a server: keeps, beside each file of SQLite, what of it a loss of power would leave. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void keep(int fd) {
  char link[64], path[4000], copy[4096], block[65536];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1), got;
  if (length < 0) return;
  path[length] = 0;
  if (!strstr(path, "sallyport.db")) return;
  snprintf(copy, sizeof copy, "%s.durable", path);
  FILE *out = fopen(copy, "w");
  if (!out) return;
  for (off_t at = 0; (got = pread(fd, block, sizeof block, at)) > 0; at += got) fwrite(block, 1, got, out);
  fclose(out);
}

int fsync(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
  int told = real(fd);
  if (told == 0) keep(fd);
  return told;
}

int fdatasync(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
  int told = real(fd);
  if (told == 0) keep(fd);
  return told;
}
