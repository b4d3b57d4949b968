import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import {
  containerRequest,
  type HardeningRequest,
} from "../../../../src/runtimes/docker/container/container_request.ts";
import { seccompProfile } from "../../../../src/runtimes/docker/container/seccomp_profile.ts";

const BASE: HardeningRequest = {
  image: "python:3",
  argv: ["sh", "-c", "exec sleep infinity"],
  user: "65534:65534",
  env: { HOME: "/tmp", WORDS: "a=b c" },
  limits: { ...DEFAULT_LIMITS, memoryMb: 128, maxProcesses: 40, diskMb: 16 },
  labels: { "codebeaker.instance": "id" },
  compiles: false,
  hasSeccomp: true,
  bounds: { memoryMb: 128, tasks: 64 },
};

/** Every hardening of a container, and nothing that takes one back. */
const HARDENED = {
  Init: true,
  Privileged: false,
  CapDrop: ["ALL"],
  SecurityOpt: ["no-new-privileges:true", `seccomp=${seccompProfile()}`],
  ReadonlyRootfs: true,
  NetworkMode: "none",
  IpcMode: "none",
  CgroupnsMode: "private",
  OomScoreAdj: 500,
  Memory: 134_217_728,
  MemorySwap: 134_217_728,
  NanoCpus: 1_000_000_000,
  PidsLimit: 64,
  Tmpfs: {
    "/workspace": "rw,nosuid,nodev,exec,mode=0700,uid=65534,gid=65534,size=21m,nr_inodes=5376",
    "/tmp": "rw,nosuid,nodev,noexec,mode=1777,size=21m,nr_inodes=5376",
  },
  Mounts: [{
    Type: "volume",
    Source: "",
    Target: "/dev/pts",
    VolumeOptions: {
      NoCopy: true,
      Labels: {},
      DriverConfig: {
        Name: "local",
        Options: { type: "devpts", device: "devpts", o: "nosuid,noexec,max=64,mode=0620,ptmxmode=0666" },
      },
    },
  }],
  Ulimits: [
    { Name: "nofile", Soft: 4_096, Hard: 4_096 },
    { Name: "core", Soft: 0, Hard: 0 },
  ],
  LogConfig: { Type: "none", Config: {} },
  RestartPolicy: { Name: "no" },
};

function hostConfig(given: Partial<HardeningRequest> = {}): Record<string, unknown> {
  return { ...containerRequest({ ...BASE, ...given }).HostConfig };
}

Deno.test("containerRequest() asks for exactly this", () => {
  assertEquals<unknown>(containerRequest(BASE), {
    Image: "python:3",
    Entrypoint: [],
    Cmd: ["sh", "-c", "exec sleep infinity"],
    User: "65534:65534",
    Env: ["HOME=/tmp", "WORDS=a=b c"],
    WorkingDir: "/workspace",
    Labels: { "codebeaker.instance": "id" },
    Hostname: "codebeaker",
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: HARDENED,
  });
});

Deno.test("containerRequest() adds a place for what a compiler makes, and nothing else", () => {
  assertEquals<unknown>(hostConfig({ compiles: true }), {
    ...HARDENED,
    Ulimits: [
      { Name: "nofile", Soft: 4_096, Hard: 4_096 },
      { Name: "core", Soft: 0, Hard: 0 },
    ],
    Tmpfs: {
      ...HARDENED.Tmpfs,
      "/build": "rw,nosuid,nodev,exec,mode=0700,uid=65534,gid=65534,size=389m,nr_inodes=99584",
    },
  });
});

Deno.test("containerRequest() changes nothing but the OCI runtime, the network, or the user that it is told", () => {
  const { Mounts: _, ...withoutTerminals } = HARDENED; // gVisor has its own.
  assertEquals<unknown>(hostConfig({ ociRuntime: "runsc" }), { ...withoutTerminals, Runtime: "runsc" });
  assertEquals<unknown>(hostConfig({ network: "codebeaker" }), { ...HARDENED, NetworkMode: "codebeaker" });
  assertEquals<unknown>(hostConfig({ user: "65533:65533" }), HARDENED);
  assertEquals(containerRequest({ ...BASE, user: "65533:65533" }).User, "65533:65533");
});

Deno.test("containerRequest() names no profile where the Engine's kernel filters nothing", () => {
  assertEquals<unknown>(hostConfig({ hasSeccomp: false }), { ...HARDENED, SecurityOpt: ["no-new-privileges:true"] });
});

Deno.test("containerRequest() follows the limits, and the memory that the container is given apart from them", () => {
  const limits = { ...DEFAULT_LIMITS, memoryMb: 256, maxProcesses: 1, diskMb: 1_024 };
  assertEquals<unknown>(hostConfig({ limits, bounds: { memoryMb: 512, tasks: 25 } }), {
    ...HARDENED,
    Memory: 536_870_912,
    MemorySwap: 536_870_912,
    PidsLimit: 25,
    Tmpfs: {
      ...HARDENED.Tmpfs,
      "/workspace": "rw,nosuid,nodev,exec,mode=0700,uid=65534,gid=65534,size=1029m,nr_inodes=263424",
      "/tmp": "rw,nosuid,nodev,noexec,mode=1777,size=69m,nr_inodes=17664",
    },
    Ulimits: [
      { Name: "nofile", Soft: 4_096, Hard: 4_096 },
      { Name: "core", Soft: 0, Hard: 0 },
    ],
  });
});

Deno.test("containerRequest() lets variables reach the list of variables and nothing else", () => {
  const env = { Privileged: "true", HostConfig: "{}", Binds: "/:/host", "A\nB": "x\n--privileged", EMPTY: "" };
  const request = containerRequest({ ...BASE, env });
  assertEquals(request.Env, [
    "Privileged=true",
    "HostConfig={}",
    "Binds=/:/host",
    "A\nB=x\n--privileged",
    "EMPTY=",
  ]);
  assertEquals<unknown>({ ...request, Env: [] }, { ...containerRequest(BASE), Env: [] });
});

Deno.test("containerRequest() mounts nothing of the host and hands out no device, for whatever it is asked", () => {
  for (const given of [{}, { compiles: true }, { network: "bridge" }, { ociRuntime: "runsc" }]) {
    const config = hostConfig(given);
    assertEquals<unknown>(config["Mounts"] ?? [], "ociRuntime" in given ? [] : HARDENED.Mounts);
    for (const name of ["Binds", "VolumesFrom", "Devices", "CapAdd", "PidMode", "UsernsMode", "Sysctls"]) {
      assert(!(name in config), name);
    }
    assertEquals<unknown>(config["SecurityOpt"], HARDENED.SecurityOpt);
  }
});
