/** A connection to a service on this machine, on which a test says each byte itself. */
export class RawHttp implements Disposable {
  readonly #connection: Deno.TcpConn;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async open({ url }: { readonly url: string }): Promise<RawHttp> {
    const { hostname, port } = new URL(url);
    return new RawHttp(await Deno.connect({ hostname, port: Number(port) }));
  }

  /** Says a text or bytes; a service that has closed meanwhile hears no more of it. */
  async say(said: string | Uint8Array): Promise<void> {
    const bytes = typeof said === "string" ? new TextEncoder().encode(said) : said;
    try {
      for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
    } catch (error) {
      if (!isReset(error)) throw error;
    }
  }

  /** What the service says until it closes the connection, or has said something. */
  async readUntil(said = "\0"): Promise<string> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    let text = "";
    try {
      for (let count = await this.#connection.read(buffer); count !== null;) {
        text += decoder.decode(buffer.subarray(0, count), { stream: true });
        if (text.includes(said)) break;
        count = await this.#connection.read(buffer);
      }
    } catch (error) {
      if (!isReset(error)) throw error;
    }
    return text;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** The beginning of a request, up to the end of its headers. */
export function requestHead(line: string, headers: readonly string[] = []): string {
  return [`${line} HTTP/1.1`, "Host: 127.0.0.1", ...headers, "", ""].join("\r\n");
}

function isReset(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}
