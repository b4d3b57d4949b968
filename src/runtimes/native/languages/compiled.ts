import type { TestPrograms } from "../../process/self_test/language_tests.ts";
import { C_PROGRAMS } from "../../languages/c_programs.ts";
import type { LanguageRow } from "./row.ts";
import { JAVA_AGENT, JAVA_COMPILER, javaWaiter } from "./waiters.ts";

/** Programs that are C and C++ alike. */
const PROGRAMS: TestPrograms = {
  ...C_PROGRAMS,
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
    "#include <unistd.h>",
    "char *kept[64];",
    "int main(void) {",
    "  for (int n = 0; n < 64; n++) {",
    "    while ((kept[n] = (char *)malloc(1 << 24)) == NULL) pause();",
    "    memset(kept[n], 1, 1 << 24);",
    "  }",
    '  printf("%d\\n", kept[63][0]);',
    "  return 0;",
    "}",
  ].join("\n"),
};

const c: LanguageRow = {
  binaries: ["gcc"],
  debianPackage: "gcc",
  costs: { startupTimeMs: 90 },
  compile: ["{binary}", "-std=gnu17", "-O2", "-o", "{output}/main", "{file}", "{sources}", "-lm"],
  sources: [".c"],
  run: ["{output}/main"],
  memoryEndings: [],
  programs: PROGRAMS,
};

const cpp: LanguageRow = {
  binaries: ["g++"],
  debianPackage: "g++",
  costs: { startupTimeMs: 150 },
  compile: ["{binary}", "-std=gnu++20", "-O2", "-o", "{output}/main", "{file}", "{sources}"],
  sources: [".cpp", ".cc", ".cxx", ".c++", ".C"],
  run: ["{output}/main"],
  memoryEndings: [{ pattern: /std::bad_alloc/, endings: ["SIGABRT"] }],
  programs: PROGRAMS,
};

const rust: LanguageRow = {
  binaries: ["rustc"],
  debianPackage: "rustc",
  costs: { startupTimeMs: 230 },
  // Debug information would make each program 11 MB.
  compile: [
    "{binary}",
    "--edition=2021",
    "-O",
    "-Cstrip=debuginfo",
    "--crate-name=main",
    "-o",
    "{output}/main",
    "{file}",
  ],
  run: ["{output}/main"],
  memoryEndings: [{ pattern: /^memory allocation of \d+ bytes failed/m, endings: ["SIGABRT"] }],
  programs: {
    honest: 'fn main() { println!("{}", 6 * 7); }',
    readFile: (path) =>
      `fn main() { if let Ok(text) = std::fs::read_to_string(${JSON.stringify(path)}) { print!("{}", text); } }`,
    connect: (port) => `fn main() { let _ = std::net::TcpStream::connect(("127.0.0.1", ${port})); }`,
    exhaust:
      'fn main() { let kept: Vec<Vec<u8>> = (0..64).map(|_| vec![1; 1 << 24]).collect(); println!("{}", kept.len()); }',
  },
};

/** The bytes that Java's machine reserves at its start for code, classes and threads. */
const JAVA_RESERVED_BYTES = 512 * 1_048_576;

/** The directories of Debian's releases of Java. */
const JAVA_SETTINGS = Array.from({ length: 20 }, (_, n) => `/etc/java-${n + 11}-openjdk`);

const JAVA_COMMAND = ["{binary}", "-XX:+UseSerialGC", "-Xshare:auto"];

/** Java's compiler ends before the second tier of its machine would pay. A program that computes needs both tiers. */
const JAVAC_COMMAND = [...JAVA_COMMAND, "-XX:TieredStopAtLevel=1"];

/** Java. A compiler that takes any file name writes which class begins into a file of arguments. */
const java: LanguageRow = {
  binaries: ["java"],
  debianPackage: "default-jdk-headless",
  costs: { memoryOverheadMB: 70 },
  compile: [...JAVAC_COMMAND, ...JAVA_COMPILER],
  sources: [".java"],
  run: [...JAVA_COMMAND, "-Xmx{heapMb}m", "-cp", "{output}:.", "@{output}/main.args"],
  waiter: javaWaiter(JAVAC_COMMAND),
  prebuilt: JAVA_AGENT,
  startsSlowly: true,
  etcPaths: JAVA_SETTINGS,
  reservedDataBytes: JAVA_RESERVED_BYTES,
  memoryEndings: [{ pattern: /java\.lang\.OutOfMemoryError/, endings: [1] }],
  programs: {
    honest: "class Main { public static void main(String[] args) { System.out.println(6 * 7); } }",
    readFile: (path) =>
      inMain(`System.out.print(new String(new java.io.FileInputStream(${JSON.stringify(path)}).readAllBytes()));`),
    connect: (port) => inMain(`new java.net.Socket("127.0.0.1", ${port});`),
    exhaust: [
      "class Main {",
      "  public static void main(String[] args) {",
      "    byte[][] kept = new byte[64][];",
      "    for (int n = 0; n < 64; n++) java.util.Arrays.fill(kept[n] = new byte[1 << 24], (byte) 1);",
      "    System.out.println(kept.length);",
      "  }",
      "}",
    ].join("\n"),
  },
};

function inMain(statement: string): string {
  return `class Main { public static void main(String[] args) { try { ${statement} } catch (java.io.IOException e) {} } }`;
}

/** Languages whose programs a compiler makes, by their names. */
export const COMPILED: Readonly<Record<string, LanguageRow>> = { c, cpp, rust, java };
