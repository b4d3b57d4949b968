import begin from "../child/begin.js" with { type: "text" };
import boot from "../child/php/boot.js" with { type: "text" };
import hostFiles from "../child/host_files.js" with { type: "text" };
import main from "../child/php/main.js" with { type: "text" };
import prepare from "../child/php/prepare.js" with { type: "text" };
import { PHP_TEST_PROGRAMS } from "../../interpreters/php_test_programs.ts";
import type { LanguageRow } from "./row.ts";

/** PHP's command line interpreter as php-wasm builds it. */
export const php: LanguageRow = {
  title: "PHP 8.4 (php-wasm)",
  packages: [{
    name: "@php-wasm/node-8-4",
    version: "3.1.54",
    integrity: "sha512-I0CKNOqxq2MfW+GDiKnKRMdVKZlYqtkHtmnAHbdMDBoE72DO73m/79z7CI0HNzVcQsHfCkbXj2XxS3/yEztjkA==",
    files: { "jspi/php_8_4.js": "module.js", "jspi/8_4_25/php_8_4.wasm": "php.wasm" },
  }],
  preparation: { main: "php/prepare.js", texts: { "php/prepare.js": prepare } },
  parts: ["php.js", "php.wasm"],
  host: {
    main: "php/main.js",
    texts: { "begin.js": begin, "host_files.js": hostFiles, "php/main.js": main, "php/boot.js": boot },
  },
  memoryMb: 102,
  v8Flags: ["--liftoff-only", "--single-threaded"],
  variables: { HOME: "/workspace", LANG: "C.UTF-8" },
  memoryEndings: [
    { pattern: /Out of memory/, endings: [255] }, // "Allowed memory size" is the program's own limit.
    { pattern: /Fatal (?:JavaScript|process) out of memory/, endings: ["SIGTRAP", "SIGABRT"] },
  ],
  noPackages: "PHP installs none in WebAssembly: send packages of pure PHP with the files",
  programs: PHP_TEST_PROGRAMS,
  canaries: [],
};
