/**
 * Takes from the process of a slot, for good, everything that programs never need. That is files, sockets, programs,
 * other processes, and memory beyond that of a program. Everything that the process reads has been read before.
 */
const { closeSync, openSync, readFileSync } = require("node:fs");

const RLIMIT_FSIZE = 1;
const RLIMIT_DATA = 2;
const RLIMIT_CORE = 4;
const SECCOMP_SET_MODE_FILTER = 1;
/** The flag for a filter of all threads of the process. */
const SECCOMP_FILTER_FLAG_TSYNC = 1;
/** PROT_READ, PROT_WRITE and PROT_EXEC; MAP_PRIVATE and MAP_ANONYMOUS. */
const [EXECUTABLE, OWN_MEMORY] = [7, 0x22];
const PAGE_BYTES = 4_096n;
/** The numbers of seccomp(2) by architecture. */
const SECCOMP_CALLS = { x64: 317, arm64: 277 };

/**
 * Locks the process, and checks the lock by opening a file.
 *
 * @param filter a seccomp filter
 * @param isJitless whether the filter refuses executable memory, which is checked too
 * @param marginMb memory beyond that of a program: what V8 and the allocator keep for themselves
 * @throws {Error} where it is not locked
 */
exports.lock = function lock({ filter, isJitless, marginMb, memoryMb }) {
  const { dlopen, getRawPointer } = require("node:ffi");
  const integers = ["i64", "i64", "i64", "i64"];
  const { functions: { mmap, setrlimit, syscall } } = dlopen("libc.so.6", {
    mmap: { return: "i64", arguments: ["u64", "u64", "i32", "i32", "i32", "i64"] },
    setrlimit: { return: "i32", arguments: ["i32", "pointer"] },
    syscall: { return: "i64", arguments: integers },
  });
  const [, kibibytes] = /^VmData:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "latin1"));
  const bounds = {
    [RLIMIT_DATA]: BigInt(kibibytes) * 1024n + BigInt((memoryMb + marginMb) * 1_048_576),
    [RLIMIT_CORE]: 0n,
    [RLIMIT_FSIZE]: 0n,
  };
  for (const [resource, bytes] of Object.entries(bounds)) {
    if (setrlimit(Number(resource), rlimitOf(bytes)) !== 0) throw new Error(`resource ${resource} cannot be limited`);
  }
  const program = Buffer.alloc(16); // struct sock_fprog
  program.writeUInt16LE(filter.length / 8, 0);
  program.writeBigUInt64LE(getRawPointer(filter), 8);
  const call = BigInt(SECCOMP_CALLS[process.arch]);
  const answer = syscall(
    call,
    BigInt(SECCOMP_SET_MODE_FILTER),
    BigInt(SECCOMP_FILTER_FLAG_TSYNC),
    getRawPointer(program),
  );
  if (answer !== 0n) throw new Error(`seccomp(2) answered ${answer}`);
  checkLock();
  const mapped = isJitless ? mmap(0n, PAGE_BYTES, EXECUTABLE, OWN_MEMORY, -1, 0n) : -1n;
  if (mapped !== -1n) throw new Error("memory can be made executable");
};

function rlimitOf(bytes) {
  const limit = Buffer.alloc(16);
  limit.writeBigUInt64LE(bytes, 0);
  limit.writeBigUInt64LE(bytes, 8);
  return limit;
}

function checkLock() {
  try {
    closeSync(openSync("/proc/self/status", "r"));
  } catch (error) {
    if (error.code === "EPERM") return;
    throw error;
  }
  throw new Error("a file can be opened");
}
