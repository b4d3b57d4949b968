import type { TestPrograms } from "../../process/self_test/language_tests.ts";

/** The programs of the self-test in Python, on any interpreter. */
export const PYTHON_TEST_PROGRAMS: TestPrograms = {
  honest: "print(6 * 7)",
  readFile: (path) => `try:\n    print(open(${JSON.stringify(path)}).read())\nexcept OSError:\n    pass`,
  connect: (port) =>
    `import socket\ntry:\n    socket.create_connection(("127.0.0.1", ${port}), 1)\nexcept OSError:\n    pass`,
  exhaust: 'kept = [b"1" * (16 << 20) for _ in range(64)]\nprint(len(kept))',
};
