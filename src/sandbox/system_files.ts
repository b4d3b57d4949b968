/** Directories in which the dynamic loader finds libraries. */
export const LIBRARIES = ["/usr/lib", "/usr/lib32", "/usr/lib64"];
/**
 * Programs of this machine. A program that may not start them gets a permission error, and not the error that they are
 * missing.
 */
export const PROGRAMS = ["/usr/bin"];
/** Further directories of programs and libraries. Most are symlinks into /usr nowadays. */
export const SYSTEM_DIRECTORIES = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"];
/** Devices that runtimes open. */
export const DEVICES = ["/dev/null", "/dev/urandom"];
/** Files of `/proc` that describe this machine and its kernel. Programs find them empty. */
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
/** The dynamic loader's index of libraries. */
export const LOADER_FILES = ["/etc/ld.so.cache"];
/** Files for resolving names and verifying certificates. */
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
/** Files that programs of this machine need beside /usr. */
export const PROGRAM_FILES = [
  ...["/etc/alternatives", "/etc/fonts", "/etc/localtime", "/etc/magic", "/etc/matplotlibrc", "/etc/mime.types"],
  "/etc/ssl/certs/ca-certificates.crt",
];
