/** Test programs that every compiler of C takes. */
export const C_PROGRAMS = {
  honest: '#include <stdio.h>\nint main(void) { printf("%d\\n", 6 * 7); return 0; }',
  readFile: (path: string) =>
    [
      "#include <stdio.h>",
      "int main(void) {",
      `  FILE *file = fopen(${JSON.stringify(path)}, "r");`,
      "  for (int c; file != NULL && (c = getc(file)) != EOF;) putchar(c);",
      "  return 0;",
      "}",
    ].join("\n"),
};
