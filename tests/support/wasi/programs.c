/* One module for all programs of the conformance suite: a test writes what it is to do into `order`. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FIELDS 8
/* The fields of an order end with a unit separator. The last byte keeps the array whole in the module. */
static struct { char text[4096]; char end; } order = {"@@ORDER@@", 1};
static char *field[FIELDS];

static void read_order(void) {
  char *rest = order.text;
  for (int i = 0; i < FIELDS && *rest != 0; i++) {
    field[i] = rest;
    rest = strchr(rest, '\x1f');
    *rest++ = 0;
  }
}

static void print(const char *text) { write(1, text, strlen(text)); }
static void rest(long ms) { nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, 0); }
static void wait_to_be_ended(void) { for (;;) rest(3600000); }
static int is(const char *name) { return strcmp(field[0], name) == 0; }
static long number(int i) { return atol(field[i]); }

static void spin(void) { for (volatile long n = 0;; n++) {} }

static void flood(int fd) {
  static char text[65536];
  memset(text, 'x', sizeof text);
  for (;;) write(fd, text, sizeof text);
}

static void echo_stdin(void) {
  static char text[65536];
  for (ssize_t n; (n = read(0, text, sizeof text)) > 0;)
    for (ssize_t written = 0; written < n;) written += write(1, text + written, n - written);
}

static void print_arguments(int count, char **arguments) {
  for (int i = 1; i < count; i++) printf("%s%s", i > 1 ? "|" : "", arguments[i]);
  puts("");
}

static int print_file(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) return perror(path), 1;
  static char text[65536];
  for (ssize_t n; (n = read(fd, text, sizeof text)) > 0;) write(1, text, n);
  return 0;
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  write(fd, text, strlen(text));
  close(fd);
}

static char *volatile taken; /* Else the compiler leaves out memory that nothing reads. */

static void take_memory(long megabytes) {
  print("before\n");
  for (long i = 0; i < megabytes; i++) {
    char *next = malloc(1 << 20);
    if (next == 0) wait_to_be_ended();
    memset(next, 1, 1 << 20);
    taken = next;
  }
  print("done\n");
  rest(300);
}

static void open_files(long count) {
  print("before\n");
  write_file("opened", "");
  for (long i = 0; i < count; i++) if (open("opened", O_RDONLY) < 0) wait_to_be_ended();
  print("done\n");
  rest(300);
}

static int write_files(const char *directory, long count, long bytes) {
  print("before\n");
  char *content = calloc(1, bytes + 1);
  memset(content, 1, bytes);
  for (long i = 0; i < count; i++) {
    char path[64];
    snprintf(path, sizeof path, "%s/many-%ld", directory, i);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    if (fd < 0) return 0;
    for (long written = 0; written < bytes;) {
      ssize_t n = write(fd, content + written, bytes - written);
      if (n < 0) return 0;
      written += n;
    }
    close(fd);
  }
  print("done\n");
  return 0;
}

static int make_sparse_file(long megabytes) {
  print("before\n");
  int fd = open("sparse", O_WRONLY | O_CREAT, 0600);
  if (ftruncate(fd, megabytes << 20) == 0) print("done\n");
  return 0;
}

static int fail(const char *message) {
#line 3 "main.c"
  fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, message);
  return 1;
}

int main(int count, char **arguments) {
  read_order();
  if (is("print")) print(field[1]);
  else if (is("echo_stdin")) echo_stdin();
  else if (is("print_arguments")) print_arguments(count, arguments);
  else if (is("print_variable")) { print(getenv(field[1]) ? getenv(field[1]) : ""); print("\n"); }
  else if (is("exit")) return number(1);
  else if (is("fail")) return fail(field[1]);
  else if (is("spin")) spin();
  else if (is("sleep")) { print(field[1]); wait_to_be_ended(); }
  else if (is("flood")) flood(number(1));
  else if (is("single_bytes")) for (long i = 0; i < number(1); i++) write(1, &(char){'a' + i % 26}, 1);
  else if (is("write_file")) write_file(field[1], field[2]);
  else if (is("print_file")) return print_file(field[1]);
  else if (is("take_memory")) take_memory(number(1));
  else if (is("open_files")) open_files(number(1));
  else if (is("write_files")) return write_files(strcmp(field[1], "temporary") == 0 ? getenv("TMPDIR") : ".", number(2), number(3));
  else if (is("make_sparse_file")) return make_sparse_file(number(1));
  return 0;
}
