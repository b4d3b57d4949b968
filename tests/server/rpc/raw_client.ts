import { concatBytes } from "../../../src/core/bytes/bytes.ts";

/** A client of a WebSocket that reads when a test says so, and goes without a word. */
export class RawClient implements Disposable {
  /** Pings that came while it read; it answers none. */
  pings = 0;
  readonly #connection: Deno.TcpConn;
  #unread: Uint8Array = new Uint8Array();

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open(port: number, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = new RawClient(connection);
    const lines = [
      "GET /ws/jsonrpc HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${crypto.getRandomValues(new Uint8Array(16)).toBase64()}`,
      "Sec-WebSocket-Version: 13",
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    await client.#write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
    const end = await client.#find("\r\n\r\n");
    client.#unread = client.#unread.subarray(end);
    return client;
  }

  /** Sends a text as one frame, whose mask is zero. */
  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    const length = new Uint8Array(9);
    length[0] = 0x80 | 127;
    new DataView(length.buffer).setBigUint64(1, BigInt(bytes.length));
    await this.#write(concatBytes([Uint8Array.of(0x81), length, new Uint8Array(4), bytes]));
  }

  /** The next message, or undefined at the end of the connection; pings and the like are passed over. */
  // deno-lint-ignore no-explicit-any
  async read(): Promise<any> {
    try {
      return await this.#read();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.UnexpectedEof) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  // deno-lint-ignore no-explicit-any
  async #read(): Promise<any> {
    for (;;) {
      const [first = 0, second = 0] = await this.#take(2);
      const size = second & 0x7f;
      const more = size < 126 ? 0 : size === 126 ? 2 : 8;
      const length = (await this.#take(more)).reduce((sum, byte) => sum * 256 + byte, 0);
      const payload = await this.#take(more === 0 ? size : length);
      if ((first & 0x0f) === 1) return JSON.parse(new TextDecoder().decode(payload));
      if ((first & 0x0f) === 8) return undefined;
      if ((first & 0x0f) === 9) this.pings++;
    }
  }

  async #take(length: number): Promise<Uint8Array> {
    await this.#fill(length);
    const taken = this.#unread.subarray(0, length);
    this.#unread = this.#unread.subarray(length);
    return taken;
  }

  async #fill(length: number): Promise<void> {
    const parts = [this.#unread];
    for (let size = this.#unread.length; size < length;) {
      const buffer = new Uint8Array(65_536);
      const count = await this.#connection.read(buffer);
      if (count === null) throw new Deno.errors.UnexpectedEof("The connection ended");
      parts.push(buffer.subarray(0, count));
      size += count;
    }
    this.#unread = concatBytes(parts);
  }

  async #find(text: string): Promise<number> {
    for (;;) {
      const at = new TextDecoder("latin1").decode(this.#unread).indexOf(text);
      if (at >= 0) return at + text.length;
      await this.#fill(this.#unread.length + 1);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }
}
