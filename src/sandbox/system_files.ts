/** What the dynamic loader takes to start a program. */
export const LIBRARIES = ["/usr/lib", "/usr/lib32", "/usr/lib64"];
/** The programs that are there: one that may start none is to be told so, and not that there are none. */
export const PROGRAMS = ["/usr/bin"];
/** Where else a file system hierarchy keeps programs and libraries; most are symlinks into /usr nowadays. */
export const SYSTEM_DIRECTORIES = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"];
/** What runtimes themselves open of the machine's devices. */
export const DEVICES = ["/dev/null", "/dev/urandom"];
/** Files of `/proc` that describe this machine and its kernel, of which programs get empty ones. */
export const KERNEL_FILES = [
  "/proc/cmdline",
  "/proc/config.gz",
  "/proc/crypto",
  "/proc/interrupts",
  "/proc/iomem",
  "/proc/ioports",
  "/proc/kallsyms",
  "/proc/key-users",
  "/proc/keys",
  "/proc/modules",
];
/** What the dynamic loader looks libraries up in. */
export const LOADER_FILES = ["/etc/ld.so.cache"];
/** What resolving a name and trusting a certificate take. */
export const NETWORK_FILES = [
  "/etc/resolv.conf",
  "/etc/hosts",
  "/etc/nsswitch.conf",
  "/etc/gai.conf",
  "/etc/services",
  "/etc/ssl",
  "/etc/ca-certificates",
  "/etc/pki",
  "/usr/share/ca-certificates",
];
/** What usual programs of this machine take beside /usr. */
export const PROGRAM_FILES = ["/etc/alternatives", "/etc/localtime", "/etc/magic", "/etc/mime.types"];
