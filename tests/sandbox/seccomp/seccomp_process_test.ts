import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeProgram, type Instruction, searchRange } from "../../../src/sandbox/seccomp/bpf.ts";
import { seccompFilter } from "../../../src/sandbox/seccomp/seccomp.ts";
import { callNumbers } from "../../../src/sandbox/seccomp/system_call_numbers.ts";
import { openConfinedBench } from "../../support/confined.ts";
import { layerAvailability } from "../../support/layers.ts";
import { isPresent } from "../../support/requirements.ts";

/** AIO, and watches on files. */
type AbsentCall =
  | "io_setup"
  | "io_destroy"
  | "io_submit"
  | "io_getevents"
  | "io_pgetevents"
  | "inotify_init1"
  | "inotify_add_watch"
  | "fanotify_init"
  | "fanotify_mark";

interface Machine {
  readonly name: "x86_64" | "aarch64";
  readonly architecture: number;
  readonly socket: number;
  readonly clone: number;
  readonly socketpair: number;
  readonly personality: number;
  readonly ioctl: number;
  /** connect, accept, bind, listen, accept4 */
  readonly network: readonly number[];
  /** Where Linux keeps the numbers of its calls. */
  readonly headers: readonly string[];
  readonly fcntl: number;
  readonly absent: Readonly<Record<"memfd_create" | "shmget" | "mq_open" | "userfaultfd" | AbsentCall, number>>;
  /** Other architectures; the first is the 32-bit one that a kernel of this machine may run too. */
  readonly foreign: readonly number[];
  readonly refused: Readonly<Record<string, number>>;
}

/** On every architecture. */
const COMMON = {
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  mount_setattr: 442,
  pidfd_getfd: 438,
  process_madvise: 440,
  statmount: 457,
  listmount: 458,
};

/** As the kernel's headers state them: linux/audit.h, asm/unistd_64.h and asm-generic/unistd.h. */
const MACHINES: Readonly<Record<string, Machine>> = {
  x86_64: {
    name: "x86_64",
    architecture: 0xc000_003e,
    socket: 41,
    clone: 56,
    socketpair: 53,
    personality: 135,
    ioctl: 16,
    network: [42, 43, 49, 50, 288],
    headers: ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/lib/linux/uapi/x86/asm/unistd_64.h"],
    fcntl: 72,
    absent: {
      memfd_create: 319,
      shmget: 29,
      mq_open: 240,
      userfaultfd: 323,
      io_setup: 206,
      io_destroy: 207,
      io_getevents: 208,
      io_submit: 209,
      io_pgetevents: 333,
      inotify_add_watch: 254,
      inotify_init1: 294,
      fanotify_init: 300,
      fanotify_mark: 301,
    },
    foreign: [0x4000_0003, 0xc000_00b7, 0],
    refused: {
      ...COMMON,
      ptrace: 101,
      syslog: 103,
      pivot_root: 155,
      chroot: 161,
      acct: 163,
      mount: 165,
      umount2: 166,
      swapon: 167,
      swapoff: 168,
      reboot: 169,
      iopl: 172,
      ioperm: 173,
      init_module: 175,
      delete_module: 176,
      quotactl: 179,
      kexec_load: 246,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      unshare: 272,
      perf_event_open: 298,
      name_to_handle_at: 303,
      open_by_handle_at: 304,
      setns: 308,
      process_vm_readv: 310,
      process_vm_writev: 311,
      finit_module: 313,
      kexec_file_load: 320,
      bpf: 321,
      modify_ldt: 154,
      remap_file_pages: 216,
      mbind: 237,
      set_mempolicy: 238,
      vmsplice: 278,
      move_pages: 279,
      kcmp: 312,
      seccomp: 317,
      shmat: 30,
      ioprio_set: 251,
    },
  },
  aarch64: {
    name: "aarch64",
    architecture: 0xc000_00b7,
    socket: 198,
    clone: 220,
    socketpair: 199,
    personality: 92,
    ioctl: 29,
    network: [200, 201, 202, 203, 242],
    headers: ["/usr/include/aarch64-linux-gnu/asm/unistd_64.h", "/usr/lib/linux/uapi/arm64/asm/unistd_64.h"],
    fcntl: 25,
    absent: {
      memfd_create: 279,
      shmget: 194,
      mq_open: 180,
      userfaultfd: 282,
      io_setup: 0,
      io_destroy: 1,
      io_submit: 2,
      io_getevents: 4,
      io_pgetevents: 292,
      inotify_init1: 26,
      inotify_add_watch: 27,
      fanotify_init: 262,
      fanotify_mark: 263,
    },
    foreign: [0x4000_0028, 0xc000_003e, 0],
    refused: {
      ...COMMON,
      umount2: 39,
      mount: 40,
      pivot_root: 41,
      chroot: 51,
      quotactl: 60,
      acct: 89,
      unshare: 97,
      kexec_load: 104,
      init_module: 105,
      delete_module: 106,
      syslog: 116,
      ptrace: 117,
      reboot: 142,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
      swapon: 224,
      swapoff: 225,
      perf_event_open: 241,
      name_to_handle_at: 264,
      open_by_handle_at: 265,
      setns: 268,
      process_vm_readv: 270,
      process_vm_writev: 271,
      finit_module: 273,
      bpf: 280,
      remap_file_pages: 234,
      mbind: 235,
      set_mempolicy: 237,
      vmsplice: 75,
      move_pages: 239,
      kcmp: 272,
      seccomp: 277,
      shmat: 196,
      ioprio_set: 30,
      kexec_file_load: 294,
    },
  },
};

/** What the kernel hands a filter: the first fields of `struct seccomp_data`. */
interface Call {
  readonly number: number;
  readonly architecture?: number;
  readonly firstArgument?: number | bigint;
  readonly secondArgument?: number | bigint;
}

const ALLOW = 0x7fff_0000;
const KILL_PROCESS = 0x8000_0000;
const FAIL = 0x0005_0000;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const IO_URING_SETUP = 425;
const CLONE3 = 435;
const MEMFD_SECRET = 447;

/** Runs a classic-BPF program of the instructions that the filter needs; any other is a fault, as is leaving it. */
function interpret(
  program: Uint8Array,
  { number, architecture, firstArgument, secondArgument }: Required<Call>,
): number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, architecture, true);
  data.setBigUint64(16, BigInt(firstArgument), true);
  data.setBigUint64(24, BigInt(secondArgument), true);
  let accumulator = 0;
  for (let at = 0; at < program.byteLength; at += 8) {
    const operand = code.getUint32(at + 4, true);
    const jump = (isTrue: boolean) => at += 8 * code.getUint8(at + (isTrue ? 2 : 3));
    switch (code.getUint16(at, true)) {
      case 0x20: // LD abs
        accumulator = data.getUint32(operand, true);
        break;
      case 0x05: // JA
        at += 8 * operand;
        break;
      case 0x15: // JEQ
        jump(accumulator === operand);
        break;
      case 0x35: // JGE
        jump(accumulator >= operand);
        break;
      case 0x45: // JSET
        jump((accumulator & operand) !== 0);
        break;
      case 0x06: // RET
        return operand;
      default:
        throw new Error(`instruction ${at / 8} is not known`);
    }
  }
  throw new Error("the program runs past its end");
}

Deno.test("seccompFilter() is absent where the machine is not known, and this machine's unless another is named", () => {
  assertEquals(seccompFilter({ hasNetwork: true, machine: "riscv64" }), undefined);
  const own = Deno.build.os === "linux" ? Deno.build.arch : "";
  assertEquals(seccompFilter({ hasNetwork: true }), seccompFilter({ hasNetwork: true, machine: own }));
});

for (const [name, machine] of Object.entries(MACHINES)) {
  for (const hasNetwork of [true, false]) testFilter(machine, { name, hasNetwork });
  testSharing(machine);
  testNumbers(machine);
}

/** What a program has not that starts others in the namespaces of the machine. */
function testSharing({ architecture, clone, name, socketpair }: Machine): void {
  Deno.test(`seccompFilter() [${name}] leaves a program that shares namespaces no session or queue, and else everything`, () => {
    const { named, newest } = callNumbers(name);
    const [own, shared] = [false, true].map((sharesNamespaces) =>
      seccompFilter({ hasNetwork: false, sharesNamespaces, machine: name }) ?? new Uint8Array()
    );
    const answers = (number: number, firstArgument = 0, secondArgument = 0) =>
      [own, shared].map((program = new Uint8Array()) =>
        interpret(program, { number, architecture, firstArgument, secondArgument })
      );
    const refused = [...named].filter(([call]) => /^(sem|msg)|^set(sid|pgid)$/.test(call));
    assert(refused.length >= 10, `${refused}`);
    const numbers = refused.map(([, number]) => number);
    for (let number = 0; number <= newest + 1; number++) {
      const [expected, answer] = answers(number);
      assertEquals([number, answer], [number, numbers.includes(number) ? FAIL | EPERM : expected]);
    }
    assertEquals(answers(clone, 0x0000_8011), [ALLOW, FAIL | EPERM]); // CLONE_PARENT
    assertEquals(answers(clone, 0x003d_0f00), [ALLOW, ALLOW]); // A thread.
    for (const flags of [0, 0x800, 0x8_0000, 0x8_0800]) {
      for (const type of [1, 5]) assertEquals(answers(socketpair, 1, type | flags), [ALLOW, ALLOW]); // Connected.
      for (const type of [2, 3]) assertEquals(answers(socketpair, 1, type | flags), [ALLOW, FAIL | EPERM]); // Datagrams.
    }
  });
}

/** Compares the numbers with those of the kernel's own headers. */
function testNumbers({ headers, name }: Machine): void {
  const path = headers.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
  const reason = `no kernel headers of ${name} are installed`;
  if (!isPresent(`${name} headers`, path === undefined ? { available: false, reason } : { available: true })) return;
  Deno.test(`system call numbers [${name}] are those of the kernel's headers`, async () => {
    const text = await Deno.readTextFile(path ?? "");
    const numbers = [...text.matchAll(/^#define __NR_(\w+)\s+(\d+)$/gm)].map(([, call, number]) => `${call} ${number}`);
    const known = [...callNumbers(name).named].map(([call, number]) => `${call} ${number}`);
    assertEquals(known.filter((call) => !numbers.includes(call)), []);
    assert(known.length > 200);
  });
}

Deno.test("searchRange() finds each range, also where a branch is longer than a conditional jump", () => {
  const long = (value: number): Instruction[] => [
    ...Array.from({ length: 200 }, (): Instruction => [0x15, 0, 0, 0]),
    [0x06, 0, 0, value],
  ];
  const ranges = [0, 3, 4, 9, 20].map((from) => ({ from, then: long(from) }));
  const program = encodeProgram([[0x20, 0, 0, 0], ...searchRange(ranges)]);
  for (let number = 0; number < 30; number++) {
    const call = { number, architecture: 0, firstArgument: 0, secondArgument: 0 };
    assertEquals(interpret(program, call), ranges.findLast(({ from }) => from <= number)?.from);
  }
});

function testFilter(
  machine: Machine,
  { name, hasNetwork }: { readonly name: string; readonly hasNetwork: boolean },
): void {
  const title = `${name}, ${hasNetwork ? "with" : "without"} network`;
  const program = seccompFilter({ hasNetwork, machine: name }) ?? new Uint8Array();
  const answer = (call: Call) =>
    interpret(program, { architecture: machine.architecture, firstArgument: 0, secondArgument: 0, ...call });
  const families = hasNetwork ? [2, 16] : [];

  Deno.test(`seccompFilter() [${title}] is whole instructions, no more than the kernel takes`, () => {
    assertEquals(program.length % 8, 0);
    assert(program.length > 0 && program.length / 8 <= 4_096);
  });

  Deno.test(`seccompFilter() [${title}] allows sockets of ${hasNetwork ? "IPv4 and netlink" : "no family"}, and fails others with EAFNOSUPPORT`, () => {
    const { socket } = machine;
    const named = { AF_UNSPEC: 0, AF_UNIX: 1, AF_INET6: 10, AF_PACKET: 17, AF_VSOCK: 40, AF_MAX: 0xffff_ffff };
    for (const [family, firstArgument] of Object.entries(named)) {
      assertEquals([family, answer({ number: socket, firstArgument })], [family, FAIL | EAFNOSUPPORT]);
    }
    for (let family = 0; family < 64; family++) {
      const expected = families.includes(family) ? ALLOW : FAIL | EAFNOSUPPORT;
      assertEquals([family, answer({ number: socket, firstArgument: family })], [family, expected]);
    }
  });

  Deno.test(`seccompFilter() [${title}] takes an argument for the 32 bits that the kernel takes it for`, () => {
    const high = 0x0000_0002_0000_0000n;
    const { clone, socket } = machine;
    assertEquals(answer({ number: socket, firstArgument: high | 1n }), FAIL | EAFNOSUPPORT);
    assertEquals(answer({ number: socket, firstArgument: high | 2n }), hasNetwork ? ALLOW : FAIL | EAFNOSUPPORT);
    assertEquals(answer({ number: clone, firstArgument: high | 0x1000_0000n }), FAIL | EPERM);
  });

  Deno.test(`seccompFilter() [${title}] refuses each call of an administrator, whatever its argument`, () => {
    for (const [call, number] of Object.entries(machine.refused)) {
      for (const firstArgument of [0, 2, 0xffff_ffff, 0xffff_ffff_ffffn]) {
        assertEquals([call, answer({ number, firstArgument })], [call, FAIL | EPERM]);
      }
    }
  });

  Deno.test(`seccompFilter() [${title}] lets processes and threads be made, and no namespace with them`, () => {
    const { clone } = machine;
    const allowed = { fork: 0x0120_0011, vfork: 0x4111, thread: 0x003d_0f00, nothing: 0 };
    for (const [what, flags] of Object.entries(allowed)) {
      assertEquals([what, answer({ number: clone, firstArgument: flags })], [what, ALLOW]);
    }
    const namespaces = {
      CLONE_NEWNS: 0x0002_0000,
      CLONE_NEWCGROUP: 0x0200_0000,
      CLONE_NEWUTS: 0x0400_0000,
      CLONE_NEWIPC: 0x0800_0000,
      CLONE_NEWUSER: 0x1000_0000,
      CLONE_NEWPID: 0x2000_0000,
      CLONE_NEWNET: 0x4000_0000,
    };
    for (const [namespace, flag] of Object.entries(namespaces)) {
      for (const flags of [flag, flag | 0x11, 0x7e02_0011]) {
        assertEquals([namespace, answer({ number: clone, firstArgument: flags })], [namespace, FAIL | EPERM]);
      }
    }
  });

  Deno.test(`seccompFilter() [${title}] knows neither AIO, io_uring, clone3 nor watches on files, and no memory that is nobody's`, () => {
    for (const number of [IO_URING_SETUP, CLONE3, MEMFD_SECRET, ...Object.values(machine.absent)]) {
      assertEquals([number, answer({ number })], [number, FAIL | ENOSYS]);
    }
  });

  Deno.test(`seccompFilter() [${title}] allows what is on the list, whatever its argument, and fails every other call with EPERM`, () => {
    const { allowed, allowedWithNetwork, absent, newest } = callNumbers(machine.name);
    assertEquals([...allowedWithNetwork].toSorted(), [...machine.network].toSorted());
    const conditional = [
      machine.socket,
      machine.clone,
      machine.socketpair,
      machine.personality,
      machine.ioctl,
      machine.fcntl,
    ];
    const open = [...allowed, ...(hasNetwork ? machine.network : [])];
    for (let number = 0; number <= newest; number++) {
      if (conditional.includes(number) || absent.includes(number)) continue;
      const expected = open.includes(number) ? ALLOW : FAIL | EPERM;
      for (const firstArgument of [0, 1, 10, machine.socket, 0x7e02_0000]) {
        assertEquals([number, answer({ number, firstArgument })], [number, expected]);
      }
    }
    assert(open.length > 200 && open.length < newest - 100);
  });

  Deno.test(`seccompFilter() [${title}] does not know calls that came later`, () => {
    const { newest } = callNumbers(machine.name);
    for (const number of [newest + 1, 467, 600, 5_000, 0x3fff_ffff]) {
      assertEquals([number, answer({ number })], [number, FAIL | ENOSYS]);
    }
  });

  Deno.test(`seccompFilter() [${title}] allows pairs of Unix sockets, Linux's own personality, and no command to a terminal`, () => {
    const { ioctl, personality, socketpair } = machine;
    for (let family = 0; family < 64; family++) {
      const expected = family === 1 ? ALLOW : FAIL | EAFNOSUPPORT;
      assertEquals([family, answer({ number: socketpair, firstArgument: family })], [family, expected]);
    }
    const personalities = { 0: ALLOW, 0xffff_ffff: ALLOW, 8: FAIL | EPERM, 0x0040_0000: FAIL | EPERM };
    for (const [firstArgument, expected] of Object.entries(personalities)) {
      const answered = answer({ number: personality, firstArgument: Number(firstArgument) });
      assertEquals([firstArgument, answered], [firstArgument, expected]);
    }
    for (const secondArgument of [0x5412, 0x541c, 0x5423, 0xffff_ffff_0000_5412n]) {
      assertEquals(answer({ number: ioctl, secondArgument }), FAIL | EPERM);
    }
    for (const secondArgument of [0x5401, 0x5413, 0x5421, 0x541b]) {
      assertEquals(answer({ number: ioctl, firstArgument: 0x5412, secondArgument }), ALLOW);
    }
  });

  Deno.test(`seccompFilter() [${title}] lets a file have locks, and no lease or notification`, () => {
    const { fcntl } = machine;
    // F_DUPFD, F_SETFL, F_SETLK, F_OFD_SETLKW, F_GETLEASE, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_ADD_SEALS
    for (const secondArgument of [0, 4, 6, 38, 1025, 1030, 1031, 1033]) {
      assertEquals(answer({ number: fcntl, firstArgument: 1024, secondArgument }), ALLOW);
    }
    for (const secondArgument of [1024, 1026, 0xffff_ffff_0000_0400n]) {
      assertEquals(answer({ number: fcntl, secondArgument }), FAIL | EPERM); // F_SETLEASE, F_NOTIFY
    }
  });

  Deno.test(`seccompFilter() [${title}] kills a call of another architecture and of x32, whatever its number`, () => {
    for (const architecture of machine.foreign) {
      for (const number of [0, 1, 102, 359, machine.socket]) {
        assertEquals([architecture, answer({ number, architecture, firstArgument: 2 })], [
          architecture,
          KILL_PROCESS,
        ]);
      }
    }
    for (const number of [0x4000_0000, 0x4000_0029, 0xffff_ffff]) assertEquals(answer({ number }), KILL_PROCESS);
  });
}

/** Makes system calls by their numbers, and prints what errno each left; 0 where it went well. */
function callsScript(calls: Readonly<Record<string, readonly [number, ...(number | string)[]]>>): string {
  const lines = Object.entries(calls).map(([name, [number, ...rest]]) =>
    `$! = 0; my $r_${name} = syscall(${
      [number, ...rest].join(", ")
    }); print "${name} ", ($r_${name} == -1 ? $!+0 : 0), "\\n";`
  );
  return `$| = 1; ${lines.join(" ")}`;
}

for (const without of [[], ["namespaces"], ["namespaces", "landlock"]] as const) {
  const bench = await openConfinedBench(...without);
  Deno.test.afterAll(async () => await bench[Symbol.asyncDispose]());
  const title = bench.confinement.layers.at(-1) ?? "nothing";
  if (!isPresent("seccomp", layerAvailability(bench.confinement, "seccomp"))) continue;

  Deno.test(`seccomp [${title}]: the kernel holds a program to the filter`, async () => {
    const { stdout } = await bench.run(["/bin/cat", "/proc/self/status"]);
    assertMatch(stdout, /^Seccomp:\s+2$/m);
    assertMatch(stdout, /^NoNewPrivs:\s+1$/m);
  });

  const machine = Deno.build.os === "linux" ? MACHINES[Deno.build.arch] : undefined;
  if (machine === undefined) continue;

  Deno.test(`seccomp [${title}]: a program makes no namespace, mount, socket, and traces nobody`, async () => {
    const { absent, clone, fcntl, ioctl, personality, refused, socket, socketpair } = machine;
    const number = (name: string) => refused[name] ?? -1;
    const script = callsScript({
      unshare: [number("unshare"), 0x1000_0000],
      mount: [number("mount"), "my $a = 'none'", "my $b = '/tmp'", "my $c = 'tmpfs'", 0, 0],
      ptrace: [number("ptrace"), 0, 0, 0, 0],
      keyctl: [number("keyctl"), 0, -3, 1],
      bpf: [number("bpf"), 0, 0, 0],
      clone: [clone, 0x1000_0011, 0, 0, 0, 0],
      socket_unix: [socket, 1, 1, 0],
      socket_inet: [socket, 2, 1, 0],
      socket_inet6: [socket, 10, 1, 0],
      io_uring: [IO_URING_SETUP, 1, 0],
      clone3: [CLONE3, 0, 0],
      memfd: [absent.memfd_create, "my $d = 'x'", 0],
      shm: [absent.shmget, 0, 4096, 0o1600],
      userfaultfd: [absent.userfaultfd, 0],
      aio: [absent.io_setup, 1, "my $g = '12345678'"],
      inotify: [absent.inotify_init1, 0],
      lease: [fcntl, 0, 1024, 0],
      kcmp: [number("kcmp"), "$$", "$$", 0, 0, 0],
      pidfd_getfd: [number("pidfd_getfd"), 0, 0, 0],
      bsd: [personality, 6],
      query: [personality, 0xffff_ffff],
      type_into_terminal: [ioctl, 0, 0x5412, "my $e = 'x'"],
      pair: [socketpair, 1, 1, 0, "my $f = '12345678'"],
    });
    for (const hasNetwork of [false, true]) {
      const { stdout } = await bench.run(["/usr/bin/perl", "-e", script], { hasNetwork });
      assertEquals(
        stdout,
        [
          ...["unshare", "mount", "ptrace", "keyctl", "bpf", "clone"].map((name) => `${name} ${EPERM}\n`),
          `socket_unix ${EAFNOSUPPORT}\nsocket_inet ${hasNetwork ? 0 : EAFNOSUPPORT}\nsocket_inet6 ${EAFNOSUPPORT}\n`,
          ...["io_uring", "clone3", "memfd", "shm", "userfaultfd", "aio", "inotify"].map((name) =>
            `${name} ${ENOSYS}\n`
          ),
          ...["lease", "kcmp", "pidfd_getfd", "bsd"].map((name) => `${name} ${EPERM}\n`),
          `query 0\ntype_into_terminal ${EPERM}\npair 0\n`,
        ].join(""),
      );
    }
  });
}
