/** A program of one language that shows at once what it was given. */
export interface ShortProgram {
  /**
   * Prints its arguments with `|` between them, the variable `GIVEN`, the file `data.txt`, and its stdin, each ended by a
   * line feed, and exits with 7. It has its text from a second file of the workspace, where its language has modules.
   */
  readonly code: string;
  /** Further files of it. */
  readonly files?: Readonly<Record<string, string>>;
  /** Code that its compiler refuses; absent, it has none. */
  readonly broken?: string;
}

const C_CODE = [
  '#include "show.h"',
  "int main(int argc, char **argv) {",
  '  for (int n = 1; n < argc; n++) printf("%s%s", n == 1 ? "" : "|", argv[n]);',
  '  printf("\\n%s\\n", getenv("GIVEN"));',
  '  show(fopen("data.txt", "r"));',
  "  show(stdin);",
  "  return 7;",
  "}",
].join("\n");
const C_FILES = {
  "show.h": [
    "#include <stdio.h>",
    "#include <stdlib.h>",
    "static void show(FILE *file) {",
    "  for (int c; (c = getc(file)) != EOF;) putchar(c);",
    "  putchar('\\n');",
    "}",
  ].join("\n"),
};

/** By environment name. */
export const SHORT_PROGRAMS: Readonly<Record<string, ShortProgram>> = {
  c: { code: C_CODE, files: C_FILES, broken: "int main(void) { return missing; }" },
  cpp: { code: C_CODE, files: C_FILES, broken: "int main() { return missing; }" },
};
