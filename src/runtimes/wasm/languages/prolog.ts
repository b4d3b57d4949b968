import { environmentCanary, secretCanary } from "../../process/self_test/common_canaries.ts";
import begin from "../child/begin.js" with { type: "text" };
import errorNumbers from "../child/prolog/error_numbers.js" with { type: "text" };
import hostFiles from "../child/host_files.js" with { type: "text" };
import main from "../child/prolog/main.js" with { type: "text" };
import start from "../child/prolog/start.pl" with { type: "text" };
import type { LanguageRow } from "./row.ts";

/** A way out of the interpreter: a script in its process. */
const script = (text: string) => ({ "main.prolog": `:- js_run_script(${JSON.stringify(text)}).` });

/** SWI-Prolog. */
export const prolog: LanguageRow = {
  title: "SWI-Prolog (swipl-wasm)",
  packages: [{
    name: "swipl-wasm",
    version: "8.0.5",
    integrity: "sha512-IkffjSlJx9SHqpaluuRxku7R11/tqpZQg/iPjyoIC7heZ8Y1lzIhQR8ddDGSyVN15WD3mYw3CxrWoco5zizr0Q==",
    files: {
      "dist/swipl/swipl-web.js": "swipl-web.js",
      "dist/swipl/swipl-web.wasm": "swipl-web.wasm",
      "dist/swipl/swipl-web.data": "swipl-web.data",
    },
  }],
  parts: ["swipl-web.js", "swipl-web.wasm", "swipl-web.data"],
  host: {
    main: "prolog/main.js",
    texts: {
      "begin.js": begin,
      "host_files.js": hostFiles,
      "prolog/error_numbers.js": errorNumbers,
      "prolog/main.js": main,
      "prolog/start.pl": start,
    },
  },
  memoryMb: 30,
  v8Flags: ["--liftoff-only", "--single-threaded"],
  variables: { HOME: "/workspace", LANG: "C.UTF-8" },
  memoryEndings: [
    { pattern: /[Nn]ot enough memory|Insufficient memory/, endings: [1] },
    { pattern: /Fatal (?:JavaScript|process) out of memory/, endings: ["SIGTRAP", "SIGABRT"] },
  ],
  noPackages: "Prolog has no network in WebAssembly, and installs no packs: send modules with the files",
  programs: {
    honest: ":- X is 6 * 7, writeln(X).",
    readFile: (path) => `:- catch((open('${path}', read, File), read_string(File, _, Text), write(Text)), _, true).`,
    connect: (port) => `:- catch((use_module(library(socket)), tcp_connect('127.0.0.1':${port}, _, [])), _, true).`,
    exhaust: ":- dynamic kept/1.\n" +
      ':- forall(between(1, 64, _), (format(string(Text), "~*c", [16777216, 0\'1]), assertz(kept(Text)))), writeln(done).',
  },
  canaries: [
    secretCanary({
      name: "host_files",
      promise: "a way out of the interpreter reads no file of the host",
      files: ({ secretPath }) => script(`Deno.stdout.writeSync(Deno.readFileSync(${JSON.stringify(secretPath)}))`),
      wrong: "a file of the host was read",
    }),
    {
      ...environmentCanary(() =>
        script(
          "(({ env, stdout }) => stdout.writeSync(new TextEncoder().encode(JSON.stringify(env.toObject()))))(Deno)",
        )
      ),
      name: "host_environment",
    },
  ],
};
