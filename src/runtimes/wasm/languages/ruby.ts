import begin from "../child/begin.js" with { type: "text" };
import boot from "../child/ruby/boot.js" with { type: "text" };
import bounds from "../child/bounds.js" with { type: "text" };
import main from "../child/ruby/main.js" with { type: "text" };
import makeSnapshot from "../child/make_snapshot.js" with { type: "text" };
import modules from "../child/modules.js" with { type: "text" };
import pathDenials from "../child/path_denials.js" with { type: "text" };
import prepare from "../child/ruby/prepare.js" with { type: "text" };
import snapshot from "../child/snapshot.js" with { type: "text" };
import start from "../child/ruby/start.rb" with { type: "text" };
import traps from "../child/traps.js" with { type: "text" };
import { RUBY_TEST_PROGRAMS } from "../../interpreters/ruby_test_programs.ts";
import type { LanguageRow } from "./row.ts";

const INTERPRETER = {
  "begin.js": begin,
  "bounds.js": bounds,
  "modules.js": modules,
  "path_denials.js": pathDenials,
  "ruby/boot.js": boot,
  "traps.js": traps,
};

/** CRuby as ruby.wasm builds it. */
export const ruby: LanguageRow = {
  title: "Ruby 3.4 (ruby.wasm)",
  packages: [{
    name: "@ruby/3.4-wasm-wasi",
    version: "2.10.1",
    integrity: "sha512-qrzIJ/7TGSpsZpFyLJb9OXO6TYAq18XoLd11We17Sr78hWpb5IGGFgMQ9A2Y8Ww5n0k8uKA/I8/P8MJdzlJX0Q==",
    files: { "dist/ruby+stdlib.wasm": "source.wasm" },
  }],
  preparation: {
    main: "ruby/prepare.js",
    texts: { ...INTERPRETER, "ruby/prepare.js": prepare, "ruby/start.rb": start, "make_snapshot.js": makeSnapshot },
  },
  parts: ["ruby.wasm", "snapshot.bin"],
  host: { main: "ruby/main.js", texts: { ...INTERPRETER, "ruby/main.js": main, "snapshot.js": snapshot } },
  memoryMb: 60,
  v8Flags: ["--liftoff-only", "--single-threaded"],
  variables: { HOME: "/workspace", LANG: "C.UTF-8" },
  memoryEndings: [
    { pattern: /failed to allocate memory/, endings: [1] },
    { pattern: /Fatal (?:JavaScript|process) out of memory/, endings: ["SIGTRAP", "SIGABRT"] },
  ],
  noPackages: "Ruby has no network in WebAssembly, and installs no gems: send gems of pure Ruby with the files",
  programs: RUBY_TEST_PROGRAMS,
  canaries: [],
};
