/**
 * Directories of the host in the file system of an interpreter that Emscripten built. They need none of the modules of
 * Node that Emscripten has for that. Paths outside of the directories are the interpreter's own, and cannot be written
 * to.
 */
import { reportDenial } from "./begin.js";

const { NotCapable } = Deno.errors;

/** Flags of open(2) as Emscripten has them. */
const [ACCESS, READ_ONLY, WRITE_ONLY, CREATES, APPENDS] = [3, 0, 1, 0x40, 0x400];
/** The places from which lseek(2) counts. */
const [FROM_HERE, FROM_END] = [1, 2];

/** Mounts directories: paths of the host by those of the interpreter. */
export function mountHostFiles(interpreter, directories) {
  openHostFiles(interpreter).mount(directories);
}

/** The files of the host for one interpreter. */
export function openHostFiles({ errorNumbers, module }) {
  const { FS, PATH } = module;
  const fault = (name) => new FS.ErrnoError(errorNumbers[name]);
  const files = fileSystem();
  return {
    /** Mounts directories: paths of the host by those of the interpreter. Nothing else can be written to any more. */
    mount(directories) {
      for (const [place, root] of Object.entries(directories)) mountOne(place, root);
      keepOthers();
    },
    /** Mounts a directory. Returns a function that undoes it. */
    mountForAWhile(place, root) {
      mountOne(place, root);
      return () => {
        FS.unmount(place);
        FS.rmdir(place);
      };
    },
  };

  function mountOne(place, root) {
    FS.mkdirTree(place);
    FS.mount(files, { root }, place);
  }

  /** Refuses to make anything outside of the directories. */
  function keepOthers() {
    const { mayCreate } = FS;
    FS.mayCreate = (directory, name) => {
      if (directory.mount.type === files || !FS.isDir(directory.mode)) return mayCreate.call(FS, directory, name);
      const path = PATH.join2(FS.getPath(directory), name);
      if (path.startsWith("/dev/") || path.startsWith("/proc/")) return mayCreate.call(FS, directory, name);
      reportDenial("write", path);
      return errorNumbers.EACCES;
    };
  }

  function fileSystem() {
    return {
      mount: ({ opts: { root } }) => nodeOf(null, "/", trying(() => Deno.lstatSync(root).mode)),
      node_ops: {
        getattr: (node) => attributesOf(node, trying(() => Deno.lstatSync(pathOf(node)), node)),
        setattr(node, attributes) {
          if (attributes.dontFollow && attributes.mode !== undefined) throw fault("ENOSYS");
          const path = pathOf(node);
          change(node, attributes, {
            chmod: (mode) => Deno.chmodSync(path, mode & 0o7777),
            stat: () => Deno.statSync(path),
            truncate: (size) => Deno.truncateSync(path, size),
            utime: (accessed, modified) => Deno.utimeSync(path, accessed, modified),
          });
        },
        lookup: (parent, name) => nodeOf(parent, name, trying(() => Deno.lstatSync(below(parent, name)).mode)),
        mknod(parent, name, mode) {
          const path = below(parent, name);
          if (!FS.isDir(mode) && !FS.isFile(mode)) throw fault("EPERM");
          trying(() => {
            if (FS.isDir(mode)) Deno.mkdirSync(path, { mode: mode & 0o777 });
            else Deno.openSync(path, { write: true, createNew: true, mode: mode & 0o777 }).close();
          });
          return nodeOf(parent, name, mode);
        },
        rename(node, parent, name) {
          trying(() => Deno.renameSync(pathOf(node), below(parent, name)));
          const replaced = FS.lookupNode(parent, name);
          FS.hashRemoveNode(replaced); // Else the one that was there before would be found again.
          node.name = name;
        },
        unlink: (parent, name) => trying(() => Deno.removeSync(below(parent, name))),
        rmdir(parent, name) {
          trying(() => Deno.removeSync(below(parent, name)));
        },
        readdir: (node) => [".", "..", ...trying(() => Array.from(Deno.readDirSync(pathOf(node)), ({ name }) => name))],
        symlink(parent, name, target) {
          const path = below(parent, name);
          trying(() => Deno.symlinkSync(target, path), { path, access: "write" });
        },
        readlink: (node) => trying(() => Deno.readLinkSync(pathOf(node))),
      },
      stream_ops: {
        getattr: (stream) => attributesOf(stream.node, trying(() => statOf(stream))),
        setattr(stream, attributes) {
          const path = pathOf(stream.node);
          change(stream.node, attributes, {
            chmod: (mode) => Deno.chmodSync(path, mode & 0o7777),
            stat: () => statOf(stream),
            truncate: (size) => stream.shared.file.truncateSync(size),
            utime: (accessed, modified) => stream.shared.file.utimeSync(accessed, modified),
          });
        },
        open(stream) {
          stream.shared.count = 1;
          if (FS.isDir(stream.node.mode)) return;
          const { flags } = stream;
          const access = flags & ACCESS;
          const options = {
            read: access !== WRITE_ONLY,
            write: access !== READ_ONLY && (flags & APPENDS) === 0,
            append: access !== READ_ONLY && (flags & APPENDS) !== 0,
            create: access !== READ_ONLY && (flags & CREATES) !== 0,
          };
          stream.shared.file = trying(() => Deno.openSync(pathOf(stream.node), options));
        },
        dup: ({ shared }) => shared.count++,
        close({ shared }) {
          if (--shared.count === 0) shared.file?.close();
        },
        read: ({ shared: { file } }, buffer, offset, length, position) =>
          trying(() => {
            if (file === undefined) throw fault("EISDIR");
            file.seekSync(position, Deno.SeekMode.Start);
            return file.readSync(bytesOf(buffer, offset, length)) ?? 0;
          }),
        write: ({ shared: { file } }, buffer, offset, length, position) =>
          trying(() => {
            file.seekSync(position, Deno.SeekMode.Start);
            return file.writeSync(bytesOf(buffer, offset, length));
          }),
        fsync({ shared: { file } }) {
          trying(() => file?.syncSync());
          return 0;
        },
        llseek(stream, offset, whence) {
          const start = whence === FROM_HERE ? stream.position : whence === FROM_END ? sizeOf(stream) : 0;
          if (start + offset < 0) throw fault("EINVAL");
          return start + offset;
        },
        mmap(stream, length, position) {
          if (!FS.isFile(stream.node.mode)) throw fault("ENODEV");
          const ptr = module.mmapAlloc(length);
          if (!ptr) throw fault("ENOMEM");
          for (let count = 0; count < length;) {
            const more = this.read(stream, module.HEAPU8, ptr + count, length - count, position + count);
            if (more === 0) break;
            count += more;
          }
          return { ptr, allocated: true };
        },
        msync(stream, buffer, offset, length) {
          this.write(stream, buffer, 0, length, offset);
          return 0;
        },
      },
    };
  }

  function nodeOf(parent, name, mode) {
    const node = FS.createNode(parent, name, mode);
    node.node_ops = files.node_ops;
    node.stream_ops = files.stream_ops;
    return node;
  }

  function pathOf(node) {
    const names = [];
    let at = node;
    for (; at.parent !== at; at = at.parent) names.push(at.name);
    return [at.mount.opts.root, ...names.reverse()].join("/");
  }

  function below(parent, name) {
    return `${pathOf(parent)}/${name}`;
  }

  function statOf({ node, shared: { file } }) {
    return file === undefined ? Deno.statSync(pathOf(node)) : file.statSync();
  }

  function sizeOf(stream) {
    return FS.isFile(stream.node.mode) ? trying(() => statOf(stream).size) : 0;
  }

  function attributesOf(node, { atime, birthtime, blksize, blocks, ctime, dev, gid, mode, mtime, nlink, size, uid }) {
    node.mode = mode;
    const modified = mtime ?? birthtime ?? new Date(0);
    return {
      ...{ dev, ino: node.id, mode, nlink: nlink ?? 1, uid, gid, rdev: 0, size, blksize: blksize ?? 4096 },
      ...{
        blocks: blocks ?? Math.ceil(size / 512),
        atime: atime ?? modified,
        mtime: modified,
        ctime: ctime ?? modified,
      },
    };
  }

  function change(node, { atime, mode, mtime, size }, { chmod, stat, truncate, utime }) {
    trying(() => {
      if (mode !== undefined) {
        chmod(mode);
        node.mode = mode;
      }
      if (atime !== undefined || mtime !== undefined) {
        const now = stat();
        utime(new Date(atime ?? now.atime), new Date(mtime ?? now.mtime));
      }
      if (size !== undefined) truncate(size);
    });
  }

  /** Calls a function of Deno's, and gives its errors Emscripten's numbers. */
  function trying(act, { access, path } = {}) {
    try {
      return act();
    } catch (error) {
      if (error instanceof FS.ErrnoError) throw error;
      if (error instanceof NotCapable) {
        if (path !== undefined) reportDenial(access, path);
        throw fault("EACCES");
      }
      throw fault(nameOf(error));
    }
  }

  function nameOf({ code, name }) {
    if (Object.hasOwn(errorNumbers, `${code}`)) return code;
    return BY_CLASS[name] ?? "EIO";
  }
}

/** Names of errors that Deno gives no code, by their classes. */
const BY_CLASS = {
  AlreadyExists: "EEXIST",
  FilesystemLoop: "ELOOP",
  IsADirectory: "EISDIR",
  NotADirectory: "ENOTDIR",
  NotFound: "ENOENT",
  PermissionDenied: "EACCES",
};

/** The part of an interpreter's memory as bytes without a sign. */
function bytesOf({ buffer, byteOffset }, offset, length) {
  return new Uint8Array(buffer, byteOffset + offset, length);
}
