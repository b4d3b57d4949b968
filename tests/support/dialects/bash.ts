import { type Dialect, makeFileLater, quoteForShell } from "./dialect.ts";

/** Bash, with the POSIX programs and `setsid` beside it. */
export const bash: Dialect = {
  hello: "echo hello",
  echoStdin: "cat",
  printArgs: "IFS='|'\nprintf '%s\\n' \"$*\"",
  printVariable: (name) => `printf '%s\\n' "\${${name}-unset}"`,
  exitWith: (code) => `exit ${code}`,
  failOnLine3: (message) => `# one\nset -u\n: "\${unset:?${message}}"`,
  spin: "while :; do :; done",
  sleep: "echo ready\nsleep 1000",
  ignoreSigterm: "trap '' TERM\necho ready\nwhile :; do sleep 1; done",
  floodStdout: "line=$(head -c 65536 /dev/zero | tr '\\0' x)\nwhile :; do printf %s \"$line\"; done",
  writeSingleBytes: (count) =>
    [
      "letters=abcdefghijklmnopqrstuvwxyz",
      `for ((i = 0; i < ${count}; i++)); do printf %s "\${letters:i % 26:1}"; done`,
    ].join("\n"),
  halfCharacter: "printf 'ok\\xe2\\x82'\nsleep 1000",
  allocateForEver: "kept=x\nwhile :; do kept+=$kept; done",
  writeFile: (path, text) => `printf %s ${quoteForShell(text)} > ${quoteForShell(path)}`,
  printFile: (path) => `cat -- ${quoteForShell(path)}`,
  printIsMain: 'if [[ ${BASH_SOURCE[0]} == "$0" ]]; then echo main; else echo not main; fi',
  connect: (port) => `exec 3<> /dev/tcp/127.0.0.1/${port} && echo connected`,
  reach: (hosts) =>
    `for host in ${hosts.join(" ")}; do (exec 3<> "/dev/tcp/$host/443") 2> /dev/null; done; echo caught`,
  limits: {
    takeHeap: (megabytes) =>
      `echo before\nkept=()\nfor ((i = 0; i < ${megabytes}; i++)); do printf -v "kept[i]" '%1048576s' x; done\necho done\nsleep 0.3`,
    openFiles: (count) =>
      [
        "echo before",
        `for ((i = 0; i < ${count}; i++)); do { exec {kept}< /dev/null; } 2> /dev/null || sleep 1000; done`,
        "echo done",
        "sleep 0.3",
      ].join("\n"),
    writeFiles: ({ place, count, bytes }) =>
      [
        "echo before",
        `printf -v text '%${bytes}s' x; text=\${text:0:${bytes}}`,
        `for ((i = 0; i < ${count}; i++)); do`,
        `printf %s "$text" > "${place === "workspace" ? "." : "$TMPDIR"}/many-$i" || exit 0`,
        "done 2> /dev/null",
        "echo done",
      ].join("\n"),
    makeSparseFile: (megabytes) => `echo before\ntruncate -s ${megabytes}M sparse && echo done`,
    floodStderr: "line=$(head -c 65536 /dev/zero | tr '\\0' x)\nwhile :; do printf %s \"$line\" >&2; done",
  },
  processes: {
    killSelf: "kill -KILL $$",
    leaveChild: (path, output) => {
      const streams = output === "inherited" ? "" : " > /dev/null 2>&1";
      return `setsid sh -c ${quoteForShell(makeFileLater(path))} < /dev/null${streams} &`;
    },
    startChildren: (count, script) =>
      [
        "echo before",
        `for ((i = 0; i < ${count}; i++)); do sh -c ${quoteForShell(script)} > /dev/null & done`,
        "echo done",
        "wait",
      ].join("\n"),
  },
};
