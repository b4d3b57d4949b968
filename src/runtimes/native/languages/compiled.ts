import type { LanguageRow, TestPrograms } from "./row.ts";

/** Programs that are C and C++ alike. */
const C_PROGRAMS: TestPrograms = {
  honest: '#include <stdio.h>\nint main(void) { printf("%d\\n", 6 * 7); return 0; }',
  readFile: (path) =>
    [
      "#include <stdio.h>",
      "int main(void) {",
      `  FILE *file = fopen(${JSON.stringify(path)}, "r");`,
      "  for (int c; file != NULL && (c = getc(file)) != EOF;) putchar(c);",
      "  return 0;",
      "}",
    ].join("\n"),
  connect: (port) =>
    [
      "#include <arpa/inet.h>",
      "#include <sys/socket.h>",
      "int main(void) {",
      "  struct sockaddr_in address = {};",
      "  address.sin_family = AF_INET;",
      `  address.sin_port = htons(${port});`,
      "  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);",
      "  connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);",
      "  return 0;",
      "}",
    ].join("\n"),
  exhaust: [
    "#include <stdio.h>",
    "#include <stdlib.h>",
    "#include <string.h>",
    "char *kept[64];",
    "int main(void) {",
    "  for (int n = 0; n < 64; n++) memset(kept[n] = (char *)malloc(1 << 24), 1, 1 << 24);",
    '  printf("%d\\n", kept[63][0]);',
    "  return 0;",
    "}",
  ].join("\n"),
};

const c: LanguageRow = {
  binaries: ["gcc"],
  debianPackage: "gcc",
  compile: ["{binary}", "-std=gnu17", "-O2", "-o", "{output}/main", "{file}", "-lm"],
  run: ["{output}/main"],
  memoryEndings: [],
  programs: C_PROGRAMS,
};

const cpp: LanguageRow = {
  binaries: ["g++"],
  debianPackage: "g++",
  compile: ["{binary}", "-std=gnu++20", "-O2", "-o", "{output}/main", "{file}"],
  run: ["{output}/main"],
  memoryEndings: [{ pattern: /std::bad_alloc/, endings: ["SIGABRT"] }],
  programs: C_PROGRAMS,
};

/** Languages whose programs a compiler makes, by their names. */
export const COMPILED: Readonly<Record<string, LanguageRow>> = { c, cpp };
