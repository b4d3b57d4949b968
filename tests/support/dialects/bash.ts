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
  writeHugeFile: (path) => `cat /dev/zero > ${quoteForShell(path)}`,
  printIsMain: 'if [[ ${BASH_SOURCE[0]} == "$0" ]]; then echo main; else echo not main; fi',
  connect: (port) => `exec 3<> /dev/tcp/127.0.0.1/${port} && echo connected`,
  processes: {
    killSelf: "kill -KILL $$",
    leaveChild: (path, output) => {
      const streams = output === "inherited" ? "" : " > /dev/null 2>&1";
      return `setsid sh -c ${quoteForShell(makeFileLater(path))} < /dev/null${streams} &`;
    },
  },
};
