import { constants } from "node:os";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CodeBeakerError, isErrorCode } from "../../src/core/errors.ts";
import { toClientError } from "../../src/workspace/client_errors.ts";

const failWith = (code: string) => Object.assign(new Error(`${code}: failed`), { code });

Deno.test("toClientError() makes no error number a fault of the service", () => {
  const numbers = Object.keys(constants.errno).filter((number) => /^E[A-Z0-9]+$/.test(number));
  assert(numbers.length > 60, `${numbers}`);
  for (const number of [...numbers, "EDQUOT", "EOVERFLOW", "ESTALE", "EHWPOISON"]) {
    const error = toClientError(failWith(number), "a/b");
    assert(error instanceof CodeBeakerError && isErrorCode(error.code) && error.code !== "internal", number);
    assertMatch(error.message, /"a\/b"/);
  }
});

Deno.test("toClientError() tells what a program did from what this machine lacks", () => {
  const codes: Readonly<Record<string, string>> = {
    EAGAIN: "conflict",
    ETXTBSY: "conflict",
    EBUSY: "conflict",
    ENXIO: "invalid_request",
    ENAMETOOLONG: "invalid_request",
    ELOOP: "permission_denied",
    EFBIG: "too_large",
    EOVERFLOW: "too_large",
    ENOSPC: "runtime_unavailable",
    EDQUOT: "runtime_unavailable",
    EROFS: "runtime_unavailable",
    EMFILE: "runtime_unavailable",
    EIO: "runtime_unavailable",
  };
  for (const [number, code] of Object.entries(codes)) {
    const error = toClientError(failWith(number), "x");
    assertEquals([number, error instanceof CodeBeakerError && error.code], [number, code]);
  }
});

Deno.test("toClientError() leaves what is no error number of the system as it is", () => {
  for (
    const error of [new Error("a bug"), failWith("ERR_INVALID_ARG_VALUE"), new CodeBeakerError("busy", "b"), "text"]
  ) {
    assertEquals(toClientError(error, "x"), error);
  }
});
