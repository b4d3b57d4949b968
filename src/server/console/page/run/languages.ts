import { javascript } from "@codemirror/lang-javascript";
import { python } from "@codemirror/lang-python";
import { LanguageSupport, StreamLanguage, type StreamParser } from "@codemirror/language";
import { c, cpp, csharp, java } from "@codemirror/legacy-modes/mode/clike";
import { go } from "@codemirror/legacy-modes/mode/go";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { perl } from "@codemirror/legacy-modes/mode/perl";
import { r } from "@codemirror/legacy-modes/mode/r";
import { ruby } from "@codemirror/legacy-modes/mode/ruby";
import { rust } from "@codemirror/legacy-modes/mode/rust";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import type { Extension } from "@codemirror/state";

/** What the editor knows of a language. */
interface Known {
  /** A first program. */
  readonly sample: string;
  readonly mode: Extension;
}

const SCRIPT =
  'const names = ["Ada", "Grace", "Barbara"];\n\nfor (const name of names) console.log(`Hello, ${name}!`);\n';

function stream<State>(parser: StreamParser<State>): Extension {
  return new LanguageSupport(StreamLanguage.define(parser));
}

/** Other names are dialects of JavaScript. */
const LANGUAGES: Readonly<Record<string, Known>> = {
  typescript: {
    sample: `interface Reading {
  readonly day: string;
  readonly celsius: number;
}

const week: Reading[] = [
  { day: "Mon", celsius: 11 },
  { day: "Tue", celsius: 14 },
  { day: "Wed", celsius: 9 },
];

for (const { day, celsius } of week) {
  console.log(day, "#".repeat(celsius), celsius);
}
`,
    mode: javascript({ typescript: true }),
  },
  tsx: { sample: SCRIPT, mode: javascript({ typescript: true, jsx: true }) },
  jsx: { sample: SCRIPT, mode: javascript({ jsx: true }) },
  python: {
    sample: 'names = ["Ada", "Grace", "Barbara"]\n\nfor name in names:\n    print(f"Hello, {name}!")\n',
    mode: python(),
  },
  bash: { sample: 'for name in Ada Grace Barbara; do\n  echo "Hello, $name!"\ndone\n', mode: stream(shell) },
  sh: { sample: 'for name in Ada Grace Barbara; do\n  echo "Hello, $name!"\ndone\n', mode: stream(shell) },
  go: {
    sample: 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("Hello, Ada!")\n}\n',
    mode: stream(go),
  },
  perl: { sample: 'print "Hello, $_!\\n" for qw(Ada Grace Barbara);\n', mode: stream(perl) },
  ruby: { sample: '%w[Ada Grace Barbara].each { |name| puts "Hello, #{name}!" }\n', mode: stream(ruby) },
  php: {
    sample: '<?php\nforeach (["Ada", "Grace", "Barbara"] as $name) {\n    echo "Hello, $name!\\n";\n}\n',
    mode: stream(c),
  },
  lua: {
    sample: 'for _, name in ipairs({ "Ada", "Grace" }) do\n  print("Hello, " .. name .. "!")\nend\n',
    mode: stream(lua),
  },
  r: { sample: 'for (name in c("Ada", "Grace")) cat("Hello, ", name, "!\\n", sep = "")\n', mode: stream(r) },
  c: { sample: '#include <stdio.h>\n\nint main(void) {\n  puts("Hello, Ada!");\n  return 0;\n}\n', mode: stream(c) },
  cpp: {
    sample: '#include <iostream>\n\nint main() {\n  std::cout << "Hello, Ada!\\n";\n}\n',
    mode: stream(cpp),
  },
  rust: { sample: 'fn main() {\n    println!("Hello, Ada!");\n}\n', mode: stream(rust) },
  java: {
    sample:
      'public class Main {\n  public static void main(String[] args) {\n    System.out.println("Hello, Ada!");\n  }\n}\n',
    mode: stream(java),
  },
  csharp: { sample: 'Console.WriteLine("Hello, Ada!");\n', mode: stream(csharp) },
  prolog: { sample: ":- initialization((write('Hello, Ada!'), nl, halt)).\n", mode: [] },
  wasm: { sample: "", mode: [] },
};

/** A first program in a language; empty where its programs are no text. */
export function sampleOf(language: string): string {
  return LANGUAGES[language]?.sample ?? SCRIPT;
}

/** The editor's mode for a language. */
export function modeOf(language: string): Extension {
  return LANGUAGES[language]?.mode ?? javascript({ typescript: true });
}

/** The editor's mode for a file, by its extension. */
export function modeOfFile(path: string): Extension {
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  const found =
    { py: "python", sh: "sh", rb: "ruby", rs: "rust", pl: "perl", cs: "csharp", cc: "cpp", h: "c" }[extension];
  if (/^([cm]?[jt]s|json)$/.test(extension)) return javascript({ typescript: true });
  return LANGUAGES[found ?? extension]?.mode ?? [];
}
