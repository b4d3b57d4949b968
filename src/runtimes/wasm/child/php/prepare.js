/** Prepares the parts of PHP. The module around the interpreter becomes a script without modules of Node. */
const [parts] = Deno.args;
const [BEGINNING, END] = ["export function init(", "return PHPLoader;\n"];
/** Parts of the module, and what stands in their place. */
const REPLACED = [
  ["Module['ENV']['PATH'] = ", "void "], // The variables of a program are the request's.
  // The interpreter does not wait for a connection: it would take the promise of one for success.
  [
    "return _wasm_connect(sockfd, addr, addrlen);",
    `try {
      const { addr: host, port } = getSocketAddress(addr, addrlen);
      const socket = getSocketFromFD(sockfd);
      socket.sock_ops.connect(socket, host, port);
      return 0;
    } catch (error) {
      return -(error.errno ?? ERRNO_CODES.EIO);
    }`,
  ],
];

const source = Deno.readTextFileSync(`${parts}/module.js`);
for (const text of [BEGINNING, END, ...REPLACED.map(([text]) => text)]) {
  if (!source.includes(text)) throw new Error(`module.js holds no ${text}`);
}
const [, version] = /phpVersionString = ('[\d.]+')/.exec(source);
const script = REPLACED.reduce(
  (text, [from, to]) => text.replaceAll(from, () => to),
  source.slice(source.indexOf(BEGINNING) + "export ".length, source.lastIndexOf(END)),
);
Deno.writeTextFileSync(
  `${parts}/php.js`,
  [
    `(WebSocket) => {\nconst dependencyFilename = "", phpVersionString = ${version};\n${script}`,
    "Object.assign(PHPLoader, { ERRNO_CODES, PATH, mmapAlloc });\nreturn PHPLoader;\n}\nreturn init;\n}",
  ].join("\n"),
);
Deno.removeSync(`${parts}/module.js`);
