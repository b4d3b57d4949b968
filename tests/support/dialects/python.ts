import { type Dialect, makeFileLater } from "./dialect.ts";

/** Python 3. What JSON writes is a string of Python as well, as no text here leaves the basic plane. */
export const python: Dialect = {
  hello: 'print("hello")',
  echoStdin: "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())",
  printArgs: 'import sys\nprint("|".join(sys.argv[1:]))',
  printVariable: (name) => `import os\nprint(os.environ.get(${JSON.stringify(name)}))`,
  exitWith: (code) => `raise SystemExit(${code})`,
  failOnLine3: (message) => `# one\n# two\nraise RuntimeError(${JSON.stringify(message)})`,
  spin: "while True:\n    pass",
  sleep: 'import time\nprint("ready", flush=True)\ntime.sleep(1000)',
  ignoreSigterm: [
    "import signal, time",
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    'print("ready", flush=True)',
    "time.sleep(1000)",
  ].join("\n"),
  floodStdout: 'import os\nwhile True:\n    os.write(1, b"x" * 65536)',
  writeSingleBytes: (count) => `import os\nfor i in range(${count}):\n    os.write(1, bytes([97 + i % 26]))`,
  halfCharacter: 'import os, time\nos.write(1, b"ok\\xe2\\x82")\ntime.sleep(1000)',
  allocateForEver: 'kept = []\nwhile True:\n    kept.append(b"\\1" * 1000000)',
  writeFile: (path, text) =>
    `with open(${JSON.stringify(path)}, "w") as file:\n    file.write(${JSON.stringify(text)})`,
  printFile: (path) => `import sys\nsys.stdout.buffer.write(open(${JSON.stringify(path)}, "rb").read())`,
  writeHugeFile: (path) => `file = open(${JSON.stringify(path)}, "wb", 0)\nwhile True:\n    file.write(bytes(1000000))`,
  printIsMain: 'print("main" if __name__ == "__main__" else "not main")',
  connect: (port) => `import socket\nsocket.create_connection(("127.0.0.1", ${port}))\nprint("connected")`,
  processes: {
    killSelf: "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    leaveChild: (path, output) => {
      const stream = output === "inherited" ? "None" : "subprocess.DEVNULL";
      return [
        "import subprocess",
        `child = ["sh", "-c", ${JSON.stringify(makeFileLater(path))}]`,
        `subprocess.Popen(child, start_new_session=True, stdout=${stream}, stderr=${stream})`,
      ].join("\n");
    },
  },
};
