/** Numbers of errors by their names, as Emscripten has them. */
export const ERROR_NUMBERS = {
  ...{ EACCES: 2, EAGAIN: 6, EBADF: 8, EBUSY: 10, EEXIST: 20, EFBIG: 22, EINTR: 27, EINVAL: 28, EIO: 29, EISDIR: 31 },
  ...{
    ELOOP: 32,
    EMFILE: 33,
    EMLINK: 34,
    ENAMETOOLONG: 37,
    ENFILE: 41,
    ENODEV: 43,
    ENOENT: 44,
    ENOMEM: 48,
    ENOSPC: 51,
  },
  ...{ ENOSYS: 52, ENOTDIR: 54, ENOTEMPTY: 55, EPERM: 63, EPIPE: 64, EROFS: 69, ESPIPE: 70, EXDEV: 75 },
};
