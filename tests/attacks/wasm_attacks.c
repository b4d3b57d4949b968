/* What a hostile module of WASI preview 1 tries: the first argument names it. It prints whatever it should not have got. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>

#define DESCRIPTORS 80
#define READ_RIGHTS (__WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR)
#define ALL_RIGHTS 0x1fffffffULL
static char buffer[65536];
static volatile int zero;

static void print(const char *text) { write(1, text, strlen(text)); }

static void print_descriptor(int fd) {
  __wasi_iovec_t vector = {(uint8_t *)buffer, sizeof buffer};
  __wasi_size_t count = 0;
  if (__wasi_fd_read(fd, &vector, 1, &count) == 0) write(1, buffer, count);
}

/* Opens a path from every descriptor, as it stands and by every way up. */
static void open_everywhere(const char *path, uint16_t flags, uint64_t rights, const char *text) {
  static const char *const ways[] = {"", "..", "../..", "./../../../../../../..", "made/../../../..", "own", "own/../..", "/..", "made/./../own"};
  for (int fd = 3; fd < DESCRIPTORS; fd++)
    for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
      for (int follow = 0; follow < 2; follow++) {
        char way[1024];
        snprintf(way, sizeof way, "%s%s", ways[i], path);
        __wasi_fd_t opened;
        if (__wasi_path_open(fd, follow, way, flags, rights, ALL_RIGHTS, 0, &opened) != 0) continue;
        if (text != 0) write(opened, text, strlen(text));
        else print_descriptor(opened);
        close(opened);
      }
}

static void make_ways_out(const char *path) {
  for (int fd = 3; fd < 6; fd++) {
    __wasi_path_create_directory(fd, "made");
    __wasi_path_symlink("/", fd, "own");
    __wasi_path_symlink("../../../..", fd, "made/own");
    __wasi_path_symlink(path, fd, "secret");
    __wasi_path_link(fd, 1, path, fd, "hard");
    __wasi_path_link(fd, 1, "secret", fd, "hard");
    __wasi_path_rename(fd, path, fd, "moved");
    __wasi_path_rename(fd, "own", fd, "made/../own");
  }
}

static void read_outside(const char *path) {
  make_ways_out(path);
  open_everywhere(path, 0, READ_RIGHTS, 0);
  const char *const names[] = {"secret", "hard", "moved"};
  for (int i = 0; i < 3; i++) {
    FILE *file = fopen(names[i], "r");
    if (file == 0) continue;
    size_t count = fread(buffer, 1, sizeof buffer, file);
    fwrite(buffer, 1, count, stdout);
    fclose(file);
  }
  for (int fd = 3; fd < DESCRIPTORS; fd++) {
    __wasi_size_t length = 0;
    if (__wasi_path_readlink(fd, path, (uint8_t *)buffer, sizeof buffer, &length) == 0) write(1, buffer, length);
    __wasi_filestat_t status;
    if (__wasi_path_filestat_get(fd, 1, path, &status) == 0) print("a status");
  }
}

static void change_outside(const char *path) {
  make_ways_out(path);
  open_everywhere(path, __WASI_OFLAGS_CREAT | __WASI_OFLAGS_TRUNC, ALL_RIGHTS, "changed");
  for (int fd = 3; fd < DESCRIPTORS; fd++) {
    __wasi_path_rename(fd, "secret", fd, path);
    __wasi_path_filestat_set_times(fd, 1, path, 0, 0, __WASI_FSTFLAGS_MTIM);
    __wasi_path_unlink_file(fd, path);
    __wasi_path_remove_directory(fd, "/tmp");
    char way[1024];
    snprintf(way, sizeof way, "../../../../..%s", path);
    __wasi_path_unlink_file(fd, way);
  }
}

/* What is beyond the three streams and three directories that it was given. */
static void use_foreign_descriptors(void) {
  for (int fd = 6; fd < 4096; fd++) {
    __wasi_prestat_t directory;
    if (__wasi_fd_prestat_get(fd, &directory) == 0) print("a directory");
    print_descriptor(fd);
    __wasi_fdstat_t status;
    if (__wasi_fd_fdstat_get(fd, &status) == 0) print("a descriptor");
    __wasi_size_t count;
    __wasi_fd_readdir(fd, (uint8_t *)buffer, sizeof buffer, 0, &count);
    __wasi_fd_renumber(fd, 3);
    __wasi_fd_t accepted;
    if (__wasi_sock_accept(fd, 0, &accepted) == 0) print("a socket");
  }
}

/* Places and lengths that no memory has, for whatever takes some. */
static void pass_bad_pointers(void) {
  const uintptr_t bad[] = {0xffffffff, 0xfffffff0, 0x7fffffff, 0x10000000};
  for (int i = 0; i < 4; i++) {
    uint8_t *at = (uint8_t *)bad[i];
    __wasi_size_t *count = (__wasi_size_t *)bad[i];
    __wasi_iovec_t vector = {at, 0xffffffff};
    __wasi_fd_read(0, &vector, 1, &(__wasi_size_t){0});
    __wasi_fd_read(0, (__wasi_iovec_t *)at, 0xffffffff, count);
    __wasi_fd_write(1, (__wasi_ciovec_t *)at, 0x10000000, count);
    __wasi_fd_write(1, &(__wasi_ciovec_t){at, 0xffffffff}, 1, &(__wasi_size_t){0});
    __wasi_args_get((uint8_t **)at, at);
    __wasi_environ_get((uint8_t **)at, at);
    __wasi_environ_sizes_get(count, count);
    __wasi_random_get(at, 0x7fffffff);
    __wasi_random_get((uint8_t *)buffer, 0xffffffff);
    __wasi_clock_time_get(0, 0, (__wasi_timestamp_t *)at);
    __wasi_fd_readdir(3, at, 0xffffffff, 0, count);
    __wasi_fd_prestat_dir_name(3, at, 0xffffffff);
    __wasi_poll_oneoff((__wasi_subscription_t *)at, (__wasi_event_t *)at, 0x10000000, count);
    __wasi_path_readlink(3, "secret", at, 0xffffffff, count);
  }
  print("survived");
}

static int recurse(int depth) { return depth == -1 ? zero : recurse(depth + 1) + recurse(depth + 2); }

static void trap(const char *how) {
  if (strcmp(how, "unreachable") == 0) __builtin_trap();
  if (strcmp(how, "division") == 0) printf("%d", INT32_MIN / (zero - 1) + 1 % zero);
  if (strcmp(how, "bounds") == 0) *(volatile char *)0xfffffff0 = 1;
  if (strcmp(how, "signature") == 0) ((void (*)(double))(void (*)(void))abort)(1);
  if (strcmp(how, "table") == 0) ((void (*)(void))(uintptr_t)(100000 + zero))();
  if (strcmp(how, "stack") == 0) printf("%d", recurse(0));
}

static void take_memory(int touches) {
  for (;;) {
    size_t pages = __builtin_wasm_memory_grow(0, 160);
    if (pages == SIZE_MAX) break;
    if (touches) memset((void *)(pages << 16), 1, 160 << 16);
  }
  print("no more");
}

static void loop(const char *how) {
  if (strcmp(how, "computing") == 0) for (volatile unsigned n = 0;; n++) {}
  if (strcmp(how, "calling") == 0) for (;;) write(1, "", 0);
  if (strcmp(how, "yielding") == 0) for (;;) __wasi_sched_yield();
  if (strcmp(how, "sleeping") == 0) for (;;) sleep(1000000);
  if (strcmp(how, "reading") == 0) for (;;) read(0, buffer, 1);
}

int main(int count, char **arguments) {
  const char *what = arguments[1], *how = count > 2 ? arguments[2] : "";
  if (strcmp(what, "read") == 0) read_outside(how);
  if (strcmp(what, "change") == 0) change_outside(how);
  if (strcmp(what, "descriptors") == 0) use_foreign_descriptors();
  if (strcmp(what, "pointers") == 0) pass_bad_pointers();
  if (strcmp(what, "trap") == 0) trap(how);
  if (strcmp(what, "memory") == 0) take_memory(strcmp(how, "touched") == 0);
  if (strcmp(what, "loop") == 0) loop(how);
  if (strcmp(what, "output") == 0) for (;;) write(atoi(how), buffer, sizeof buffer);
  if (strcmp(what, "exit") == 0) __wasi_proc_exit(0xffffffff);
  return 0;
}
