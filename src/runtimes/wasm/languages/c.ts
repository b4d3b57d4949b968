import main from "../child/c/main.js" with { type: "text" };
import commandLines from "../child/c/command_lines.js" with { type: "text" };
import identities from "../child/c/identities.js" with { type: "text" };
import library from "../child/c/library.js" with { type: "text" };
import prepare from "../child/c/prepare.js" with { type: "text" };
import { secretCanary } from "../../process/self_test/common_canaries.ts";
import { C_PROGRAMS } from "../../languages/c_programs.ts";
import type { LanguageRow } from "./row.ts";

const code = (...lines: string[]) => ({ "main.c": lines.join("\n") });

/** C as Clang compiles it for WASI preview 1, with wasi-libc. */
export const c: LanguageRow = {
  title: "C (Clang 22)",
  packages: [{
    name: "@yowasp/clang",
    version: "22.0.0-git20542-10",
    integrity: "sha512-V31/z9GrJECKeACTDUyvg2llbEUiFi3bxtL5HSg7H/6sydSxdI/AoVAD9F5ozrfLjotWl0B9rghR87m+DUM/zg==",
    files: { "gen/llvm.core.wasm": "llvm.wasm", "gen/llvm-resources.tar": "resources.tar" },
  }],
  preparation: { main: "c/prepare.js", texts: { "c/prepare.js": prepare } },
  parts: ["llvm.wasm", "library.bin"],
  compiles: true,
  host: {
    main: "c/main.js",
    texts: {
      "c/main.js": main,
      "c/command_lines.js": commandLines,
      "c/identities.js": identities,
      "c/library.js": library,
    },
  },
  memoryMb: 100,
  v8Flags: ["--liftoff-only"],
  variables: { HOME: "/workspace", LANG: "C.UTF-8" },
  memoryEndings: [],
  noPackages: "C has no packages in WebAssembly: send headers and sources with the files",
  programs: {
    ...C_PROGRAMS,
    exhaust: [
      "#include <stdlib.h>",
      "#include <string.h>",
      "#include <unistd.h>",
      "char *volatile kept;",
      "int main(void) {",
      "  for (int n = 0; n < 64; n++) {",
      "    while ((kept = malloc(1 << 24)) == NULL) sleep(1);",
      "    memset(kept, 1, 1 << 24);",
      "  }",
      "}",
    ].join("\n"),
  },
  canaries: [
    secretCanary({
      name: "compiler_files",
      promise: "the compiler reads no file of the host",
      files: ({ secretPath }) => {
        const embedded = `#embed ${JSON.stringify(secretPath)}`;
        return code(
          "#include <stdio.h>",
          `#if __has_embed(${JSON.stringify(secretPath)})`,
          `static const char secret[] = {\n${embedded}\n, 0};`,
          "int main(void) { puts(secret); }",
          "#else",
          "int main(void) {}",
          "#endif",
        );
      },
      wrong: "a file of the host was compiled into the program",
    }),
  ],
};
