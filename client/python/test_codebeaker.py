"""Tests of the client: against scripted services, and against the one at CODEBEAKER_URL, which runs TypeScript."""

import json
import os
import pickle
import signal
import socket
import threading
import time
import traceback
import unittest
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from codebeaker import Client, CodeBeakerError, Context, Event, Execution, Program, Sandbox

KEY = "cb_secret_1"
RESULT = {"id": "exec_1", "status": "ended", "language": "python", "runtime": "native", "stdout": "42\n", "stderr": "",
          "outcome": {"kind": "exited", "exitCode": 0}, "exitCode": 0, "later": "a further field"}


def answer(wire, status=200, headers=""):
    """One answer, after which the connection stays open."""
    body = wire if isinstance(wire, bytes) else json.dumps(wire).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def problem(code, status, headers="", **facts):
    return answer({"code": code, "detail": f"{code}!", "status": status, **facts}, status, headers)


def chunked(*pieces, end=True):
    """Events in pieces of their own, as a network may cut them."""
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    head = b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + chunks + b"0\r\n\r\n" if end else Cut(head + chunks)


def event(name, data, id):
    return f"id: {id}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


class Cut(bytes):
    """The begin of an answer, after which the connection ends."""


class Request:
    """What a scripted service was sent."""

    def __init__(self, head, body):
        first, *lines = head.decode().split("\r\n")
        self.method, self.path, _ = first.split(" ")
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.body = body


class Service:
    """Sends each script as the answer to the next request. None, and a :class:`Cut`, end the connection."""

    def __init__(self, *scripts, host="127.0.0.1"):
        self.scripts, self.requests, self.connections = list(scripts), [], 0
        self.listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        data = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    data += piece
                head, _, body = data.partition(b"\r\n\r\n")
                request = Request(head, b"")
                length = int(request.headers.get("content-length", 0))
                while len(body) < length:
                    body += connection.recv(65536)
                request.body, data = body[:length], body[length:]
                self.requests.append(request)
                script = self.scripts.pop(0) if self.scripts else None
                if callable(script):
                    script = script()
                if script is None:
                    return
                connection.sendall(script)
                if isinstance(script, Cut):
                    return


class ClientTest(unittest.TestCase):
    def fails(self, code, call, *args, **options):
        with self.assertRaises(CodeBeakerError) as caught:
            call(*args, **options)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception

    def test_run_reads_an_execution_and_keeps_further_fields(self):
        with Service(answer(RESULT)) as service:
            result = Client(service.url).run("python", "1", timeout=1.5, files={"a": "x", "b": b"\xff"}, min_isolation=8)
        self.assertEqual((result.stdout, result.exit_code, result.ok, result.raw["later"]), ("42\n", 0, True, "a further field"))
        self.assertEqual(json.loads(service.requests[0].body), {
            "language": "python", "code": "1", "timeoutMs": 1500, "minIsolation": 8, "stdin": "",
            "files": [{"path": "a", "content": "x"}, {"path": "b", "content": "/w==", "encoding": "base64"}],
        })

    def test_a_busy_service_is_asked_again_under_the_same_key_when_it_says(self):
        scripts = [problem("busy", 429, "Retry-After: 0\r\n"), problem("runtime_unavailable", 503, retryAfterMs=1), answer(RESULT)]
        with Service(*scripts) as service:
            self.assertEqual(Client(service.url).run("python", "1").stdout, "42\n")
        self.assertEqual(len({request.headers["idempotency-key"] for request in service.requests}), 1)
        self.assertEqual(len(service.requests), 3)

    def test_a_wait_that_is_too_long_is_the_callers(self):
        for script in (problem("busy", 429, "Retry-After: 3600\r\n"), problem("runtime_unavailable", 503)):
            with Service(script) as service:
                error = self.fails(json.loads(script.partition(b"\r\n\r\n")[2])["code"], Client(service.url).run, "python", "1")
                self.assertEqual(len(service.requests), 1)
                self.assertIn(error.retry_after, (3600, None))

    def test_run_repeats_a_cut_connection_under_the_same_key_and_polls_a_long_program(self):
        accepted = answer({"id": "exec_1", "status": "running"}, 202)
        with Service(None, accepted, answer({"id": "exec_1", "status": "running"}), None, answer(RESULT)) as service:
            self.assertEqual(Client(service.url).run("python", "1", idempotency_key="order-7").stdout, "42\n")
        self.assertEqual([request.method for request in service.requests], ["POST", "POST", "GET", "GET", "GET"])
        self.assertEqual([request.headers["idempotency-key"] for request in service.requests[:2]], ["order-7"] * 2)

    def test_what_might_be_done_twice_is_not_repeated(self):
        for call in (
            lambda client: Sandbox.create("python", client=client),
            lambda client: Sandbox(client, {"id": "s"}).commands.send("move_file", source="a", destination="b"),
            lambda client: Sandbox(client, {"id": "s"}).files.delete("a"),
        ):
            for script in (None, answer(b"<html>", 503, "Retry-After: 0\r\n")):
                with Service(script, answer({})) as service:
                    self.fails("unreachable", call, Client(service.url))
                    self.assertEqual(len(service.requests), 1)

    def test_an_address_without_a_service(self):
        with Service() as service:
            pass
        error = self.fails("unreachable", Client(service.url, retries=1).run, "python", "1")
        self.assertIn(service.url, str(error))

    def test_an_interrupt_ends_the_program(self):
        def interrupt():
            os.kill(os.getpid(), signal.SIGINT)
        accepted = answer({"id": "exec_1", "status": "running"}, 202)
        for call, scripts, methods in (
            (Client.run, [interrupt, accepted], ["POST", "POST", "DELETE"]),
            (Client.start, [interrupt, accepted], ["POST", "POST", "DELETE"]),
            (Client.run, [accepted, interrupt], ["POST", "GET", "DELETE"]),
        ):
            with Service(*scripts, answer(b"", 204)) as service:
                with self.assertRaises(KeyboardInterrupt), mock.patch("codebeaker._CANCEL_S", 60):
                    call(Client(service.url), "python", "1")
            self.assertEqual([request.method for request in service.requests], methods)
            self.assertEqual(service.requests[-1].path, "/v1/executions/exec_1")
            if methods[1] == "POST":
                self.assertEqual(service.requests[1].headers["prefer"], "respond-async, wait=0")
            self.assertEqual(len({request.headers["idempotency-key"] for request in service.requests if request.method == "POST"}), 1)

    def test_an_interrupt_while_the_service_is_busy_starts_nothing(self):
        with Service(problem("busy", 429, "Retry-After: 20\r\n"), answer(RESULT)) as service:
            with self.assertRaises(KeyboardInterrupt), mock.patch("codebeaker.time.sleep", side_effect=KeyboardInterrupt):
                Client(service.url).run("python", "1")
            self.assertEqual(len(service.requests), 1)

    def test_an_interrupt_while_a_sandbox_is_created_kills_it(self):
        def interrupt():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)  # The client waits for the answer again.
            return created
        for created, methods in ((answer({"id": "s"}), ["POST", "DELETE"]), (problem("busy", 429, "Retry-After: 20\r\n"), ["POST"])):
            with Service(interrupt, answer(b"", 204)) as service:
                with self.assertRaises(KeyboardInterrupt), mock.patch("codebeaker._CANCEL_S", 60):
                    Sandbox.create("python", client=Client(service.url))
            self.assertEqual([request.method for request in service.requests], methods)
        self.assertEqual(service.requests[-1].path, "/v1/sessions")

    def test_an_interrupt_within_the_events_kills_the_program_of_the_block(self):
        with Service(answer({"id": "exec_1"}, 202), chunked(event("stdout", {"text": "a"}, 5), end=False), answer(b"", 204)) as service:
            with self.assertRaises(KeyboardInterrupt), Client(service.url).start("python", "1") as program:
                for _ in program:
                    raise KeyboardInterrupt
        self.assertEqual((service.requests[-1].method, service.requests[-1].path), ("DELETE", "/v1/executions/exec_1"))

    def test_events_are_taken_up_where_they_broke_off(self):
        text = event("stdout", {"text": "é€😀"}, 9)
        pieces = [text[index:index + 1] for index in range(len(text))]  # Each cut, also within characters.
        broken = event("stdout", {"text": "lost"}, 11)[:-1]
        first = chunked(event("started", {"id": "exec_1", "runtime": "r"}, 1), b": ping\n\n", *pieces, broken, end=False)
        second = chunked(event("stderr", {"text": "e"}, 13), event("completed", RESULT, 15))
        with Service(first, None, second) as service:
            events = list(Program(Client(service.url), "exec_1"))
        self.assertEqual([(each.type, each.text, each.id) for each in events],
                         [("started", "", "1"), ("stdout", "é€😀", "9"), ("stderr", "e", "13"), ("completed", "", "15")])
        self.assertEqual([request.headers.get("last-event-id") for request in service.requests], [None, "9", "9"])

    def test_events_that_fall_silent_are_taken_up_again(self):
        begun = bytes(chunked(event("stdout", {"text": "a"}, 5), end=False))  # No Cut: the connection stays open.
        end = chunked(event("completed", RESULT, 15))
        with Service(begun, end, end, end) as service, mock.patch("codebeaker._STREAM_SILENCE_S", 0.3):
            self.assertEqual([each.type for each in Program(Client(service.url), "exec_1")], ["stdout", "completed"])

    def test_a_service_that_was_lost_with_its_output_reports_the_end(self):
        scripts = [chunked(event("stdout", {"text": "a"}, 5), end=False), problem("invalid_request", 400), answer(RESULT)]
        with Service(*scripts) as service:
            program = Program(Client(service.url), "exec_1")
            self.assertEqual([each.type for each in program], ["stdout", "completed"])

    def test_an_id_that_no_event_had_is_the_callers_mistake_unless_the_service_was_lost(self):
        for kind, code in (("exited", "invalid_request"), ("interrupted", None)):
            with Service(problem("invalid_request", 400), answer({**RESULT, "outcome": {"kind": kind}})) as service:
                events = Program(Client(service.url), "exec_1").events("7")
                if code:
                    self.fails(code, next, events)
                else:
                    self.assertEqual([each.type for each in events], ["completed"])

    def test_events_that_break_off_at_once_are_not_asked_for_in_a_loop(self):
        pieces = [chunked(event("stdout", {"text": "a"}, id), end=False) for id in range(1, 4)]
        with Service(*pieces, chunked(event("completed", RESULT, 15))) as service, mock.patch("codebeaker.time.sleep") as sleep:
            with mock.patch("codebeaker.time.monotonic", return_value=0.0):
                self.assertEqual(len(list(Program(Client(service.url, retries=1), "exec_1"))), 4)
        self.assertEqual([call.args[0] for call in sleep.call_args_list], [0.3] * 3)

    def test_stdin_waits_for_a_program_that_does_not_read(self):
        released = threading.Event()
        late = lambda: released.wait() and answer({})
        with Service(late, late) as service:
            program = Program(Client(service.url, timeout=0.05), "exec_1")
            threading.Timer(0.2, released.set).start()
            program.write("a")
            program.close_stdin()

    def test_stdin_can_be_closed_behind_the_end_of_the_program_and_not_be_written(self):
        with Service(problem("conflict", 409), problem("conflict", 409)) as service:
            program = Program(Client(service.url), "exec_1")
            program.close_stdin()
            self.fails("conflict", program.write, "a")

    def test_a_service_that_vanishes_within_the_events(self):
        service = Service(chunked(event("stdout", {"text": "a"}, 5), end=False))
        events = iter(Program(Client(service.url, retries=1), "exec_1"))
        self.assertEqual(next(events), Event("stdout", {"text": "a"}, "5"))
        service.__exit__()
        self.fails("stream_lost", next, events)

    def test_an_error_of_the_service_ends_the_events_and_the_wait(self):
        fault = {"code": "runtime_unavailable", "detail": "d", "status": 503}
        with Service(chunked(event("error", fault, 3)), answer({"id": "x", "status": "failed", "error": fault})) as service:
            program = Program(Client(service.url), "exec_1")
            self.fails("runtime_unavailable", list, program)
            self.fails("runtime_unavailable", program.wait)

    def test_answers_that_are_not_codebeakers(self):
        for script in (answer(b"<html>"), answer(b"[]"), answer({"a": 1}), answer({**RESULT, "outcome": "x"}), Cut(b"SSH-2.0-x\r\n"),
                       answer(b"[" * 100_000), answer(b"\xff"), answer(b"no", 418), answer({}, 302, "Location: http://a:b@c/d?e\r\n")):
            with Service(script) as service:
                error = self.fails("bad_answer", Client(service.url).run, "python", "1")
                self.assertEqual(len(service.requests), 1, "followed or repeated")
                self.assertNotIn("a:b", str(error))
        for script in (chunked(b"data: {\n\n"), chunked(event("error", None, 3)), answer(b"<html>login")):
            with Service(script) as service:
                self.fails("bad_answer", list, Program(Client(service.url), "exec_1"))
                self.assertEqual(len(service.requests), 1)
        for call in (
            lambda client, _: Sandbox.create("python", client=client),
            lambda _, sandbox: sandbox.files.list(),
            lambda _, sandbox: sandbox.contexts.create(),
            lambda _, sandbox: sandbox.contexts.list(),
            lambda _, sandbox: sandbox.commands.send("move_file"),
            lambda _, sandbox: Context(sandbox, {"id": "c"}).interrupt(),
            lambda client, _: client.start("python", "1"),
        ):
            with Service(answer({})) as service:
                client = Client(service.url)
                self.fails("bad_answer", call, client, Sandbox(client, {"id": "s"}))

    def test_what_a_caller_gets_wrong_is_an_error_of_the_client_or_the_service(self):
        with Service(problem("busy", 429, retryAfterMs=-1), problem("invalid_request", 400)) as service:
            client = Client(service.url)
            for key in ("a\nb", "…"):
                self.fails("invalid_request", client.run, "python", "1", idempotency_key=key)
            self.assertIsNone(self.fails("busy", client.run, "python", "1").retry_after)
            sandbox = Sandbox(client, {"id": "s"})
            for seconds in (float("inf"), float("nan")):
                self.fails("invalid_request", client.run, "python", "1", timeout=seconds)
                self.fails("invalid_request", sandbox.set_timeout, seconds)
            self.fails("invalid_request", sandbox.files.read, "a\ud800")
            self.fails("invalid_request", sandbox.files.write, "a", "\ud800")
            self.fails("invalid_request", sandbox.files.write, "a", None)
            self.fails("invalid_request", sandbox.commands.run, [])

    def test_a_default_holds_where_a_field_is_none(self):
        with Service(answer(RESULT), answer(RESULT)) as service:
            client = Client(service.url)
            client.run("python", "1", stdin=None)
            Sandbox(client, {"id": "s"}).commands.run("cat", stdin=None)
        self.assertEqual([json.loads(request.body)["stdin"] for request in service.requests], ["", ""])

    def test_an_answer_without_a_body_says_by_its_status_what_is_wrong(self):
        refusal = answer(b"", 429, "Retry-After: 0\r\n")
        with Service(refusal, answer(b""), refusal, Cut(b"HTTP/1.1 200 X\r\n\r\n")) as service:
            files = [Sandbox(Client(service.url, retries=retries), {"id": "s"}).files for retries in (1, 0)]
            self.assertEqual(files[0].size("a"), 0)
            self.fails("busy", files[1].size, "a")
            self.fails("bad_answer", files[1].size, "a")
        with Service(answer(b"", 400), problem("invalid_request", 400)) as service:
            error = self.fails("invalid_request", Sandbox(Client(service.url), {"id": "s"}).files.size, "a")
        self.assertTrue(error.problem)

    def test_a_context_that_has_ended_is_closed(self):
        with Service(problem("conflict", 409), problem("not_found", 404)) as service:
            for _ in "ab":
                Context(Sandbox(Client(service.url), {"id": "s"}), {"id": "c"}).close()
            self.assertEqual(len(service.requests), 2)

    def test_a_proxy_whose_service_is_gone(self):
        with Service(answer(b"<html>", 502), answer(b"<html>", 503, "Retry-After: 0\r\n"), answer(RESULT)) as service:
            self.assertTrue(Client(service.url).run("python", "1").ok)

    def test_a_silent_service_and_half_an_answer(self):
        with Service(b"", answer({})) as service:
            error = self.fails("unreachable", Sandbox(Client(service.url, timeout=0.05), {"id": "s"}).get_info)
            self.assertIn("said nothing for 0.05 s", str(error))
            self.assertLessEqual(len(service.requests), 1)  # Patience has an end, however many retries there are.
        for script in (Cut(b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhalf"), chunked(b"half", end=False)):
            with Service(script) as service:
                self.fails("unreachable", Sandbox(Client(service.url, retries=0), {"id": "s"}).files.read, "a")

    def test_no_error_shows_the_key(self):
        echo = problem("unauthorized", 401, detail=f"Bearer {KEY}", hint=KEY)
        fault = {"code": "internal", "detail": KEY, "errors": [{KEY: KEY}]}
        run, wait, events = (lambda client: client.run("python", "1")), (lambda client: Program(client, "e").wait()), (
            lambda client: list(Program(client, "e")))
        for script, call in (
            (echo, run), (answer(f"<html>{KEY}".encode(), 403), run), (None, run), (Cut(b"x" * 100), run),
            (answer(b"", 302, f"Location: /{KEY}\r\n"), run), (Cut(f"HTTP/9.{KEY} 200 X\r\n\r\n".encode()), run),
            (answer({"id": "e", "status": "failed", "error": fault}), wait), (chunked(event("error", fault, 3)), events),
        ):
            with Service(script) as service:
                client = Client(service.url, KEY, retries=0)
                try:
                    call(client)
                except CodeBeakerError as error:
                    shown = f"{error!r} {error} {error.problem} {client!r} {traceback.format_exc()}"
                self.assertNotIn(KEY, shown)
                self.assertEqual(service.requests[0].headers["authorization"], f"Bearer {KEY}")
        with Service(problem("conflict", 409)) as service:
            self.fails("conflict", Client(service.url, "conflic").run, "python", "1")  # Too short to be a secret.
        for key in (f"{KEY}\r\nX: y", f"é{KEY}", f"{KEY} "):
            self.assertNotIn(KEY, str(self.fails("invalid_request", Client, key=key)))

    def test_an_error_survives_a_process_boundary(self):
        error = CodeBeakerError("busy", "d", status=429, retry_after=1.0, problem={"code": "busy"})
        copy = pickle.loads(pickle.dumps(error))
        self.assertEqual(vars(copy), vars(error))
        self.assertEqual(str(copy), "busy: d")

    def test_addresses(self):
        for suffix in ("", "/", "/a/b", "/a/b/"):
            with Service(answer(RESULT)) as service:
                Client(service.url + suffix).run("python", "1")
            self.assertEqual(service.requests[0].path, f"{suffix.rstrip('/')}/v1/executions")
        for url in ("", "127.0.0.1:8000", "ftp://a", "http://", "http://a?b", "http://a#b", "http://[::1", "http://a:b", "http://u:pw@a",
                    "http://a b", "http://a/é", f"http://{'a' * 64}"):
            self.assertNotIn("pw@", str(self.fails("invalid_request", Client, url)))

    def test_an_address_of_ipv6(self):
        try:
            service = Service(answer(RESULT), host="::1")
        except OSError as reason:
            self.skipTest(f"IPv6: {reason}")
        with service:
            Client(service.url).run("python", "1")
        self.assertEqual(service.requests[0].headers["host"], f"[::1]:{service.port}")

    def test_proxies_of_the_environment_are_not_used(self):
        nowhere = "http://127.0.0.1:1"
        with Service(answer(RESULT)) as service, mock.patch.dict(os.environ, {"http_proxy": nowhere, "ALL_PROXY": nowhere}):
            self.assertTrue(Client(service.url, retries=0).run("python", "1").ok)

    def test_a_connection_is_kept_and_one_that_was_closed_is_replaced(self):
        closing = Cut(b"HTTP/1.1 200 X\r\n\r\n{}")
        with Service(answer({}), answer({}), closing, answer({}), answer({}), answer({})) as service:
            client = Client(service.url, retries=0)
            sandbox = Sandbox(client, {"id": "s"})
            for connections in (1, 1, 1, 2):
                sandbox.get_info()
                self.assertEqual(service.connections, connections)
            client._idle[0][0].sock.shutdown(socket.SHUT_RD)  # As one that the service has closed.
            sandbox.get_info()
            self.assertEqual(service.connections, 3)
            client._process = 0  # As in a child of the process.
            sandbox.get_info()
            self.assertEqual(service.connections, 4)
            client.close()


@unittest.skipUnless("CODEBEAKER_URL" in os.environ, "CODEBEAKER_URL names no service")
class ServiceTest(unittest.TestCase):
    fails = ClientTest.fails

    def setUp(self):
        self.client = Client(os.environ["CODEBEAKER_URL"])

    def test_programs(self):
        code = 'console.log(Deno.args[0], await new Response(Deno.stdin.readable).text()); Deno.writeTextFileSync("o.txt", "é")'
        result = self.client.run("typescript", code, args=["a"], stdin="in", outputs=["*.txt"])
        self.assertEqual((result.stdout, result.files, result.ok), ("a in\n", {"o.txt": "é".encode()}, True))
        self.assertEqual(self.client.run("typescript", "for (;;);", timeout=0.3).outcome, {"kind": "timed_out", "limitMs": 300})
        denied = self.client.run("typescript", 'await fetch("http://example.com")')
        self.assertEqual(denied.denials[0]["remedy"], {"permissions": {"allowNet": ["example.com:80"]}})
        key = os.urandom(8).hex()
        first, second = (self.client.run("typescript", "console.log(Math.random())", idempotency_key=key) for _ in "ab")
        self.assertEqual(first, second)
        error = self.fails("invalid_request", self.client.run, "typescript", "1", languge="x")
        self.assertEqual((error.status, error.problem["errors"][0]["path"]), (400, "languge"))

    def test_a_sandbox(self):
        with Sandbox.create("typescript", client=self.client, metadata={"a": "b"}) as sandbox:
            files = sandbox.files
            for path, content in (("a/b c.txt", "é"), ("/workspace/a//%2F?#.bin", b"\xff\0"), ("./big", b"x" * 5_000_000)):
                files.write(path, content)
                self.assertEqual(files.read_bytes(path), content.encode() if isinstance(content, str) else content)
            self.assertEqual((files.read("a/b c.txt"), files.size("big"), files.size("nope")), ("é", 5_000_000, None))
            self.assertEqual(sorted(each["path"] for each in files.list()), ["a", "big"])
            self.assertEqual([each["name"] for each in files.list("a", pattern="*.txt")], ["b c.txt"])
            sandbox.commands.send("move_file", source="big", destination="a/big")
            self.fails("not_found", files.read, "big")
            self.fails("invalid_request", files.read, "a")
            self.fails("too_large", files.write, "huge", bytes(70_000_000))
            for path in ("..", "../../executions", "a/../../x", "/etc/passwd"):
                for call in (files.read, files.delete, files.size):
                    self.fails("permission_denied", call, path)
            self.fails("conflict", files.delete, "a")
            files.delete("a", recursive=True)
            self.assertEqual(files.list(), [])
            self.assertEqual(sandbox.run("console.log(Deno.readDirSync('.').next().done)").stdout, "false\n")
            self.assertEqual(sandbox.commands.run(["deno", "eval", "console.log(7); Deno.exit(3)"]).exit_code, 3)
            with sandbox.commands.start(["deno", "eval", "console.log(await new Response(Deno.stdin.readable).text())"]) as told:
                told.write("é")
                told.close_stdin()
                self.assertEqual(told.wait().stdout, "é\n")
            self.assertIn("packages[0]", str(self.fails("invalid_request", sandbox.install, "no package")))
            sandbox.set_timeout(100)
            self.assertEqual(Sandbox.connect(sandbox.id, client=self.client).info["idleTimeoutMs"], 100_000)
        for call in (sandbox.run, sandbox.commands.run, sandbox.files.read, sandbox.install):
            self.fails("conflict", call, "x")
        self.fails("conflict", Sandbox.connect, sandbox.id, client=self.client)
        self.fails("not_found", Sandbox.connect, "sess/../x", client=self.client)
        sandbox.kill()

    def test_contexts(self):
        with Sandbox.create("typescript", client=self.client) as sandbox, sandbox.contexts.create() as context:
            context.run("const xs = [1, 2]")
            value = context.run("xs.concat(3)")
            self.assertEqual((value.value, value.value_type, value.text), ([1, 2, 3], "json", "[ 1, 2, 3 ]"))
            self.assertEqual(context.run("new Set(xs)").value_type, "mime")
            self.assertEqual(context.run("null.x").error["name"], "TypeError")
            shown = list(context.start('await display({ "text/html": "<b>é</b>" }, { raw: true })'))
            self.assertEqual([each.data for each in shown if each.type == "display"], [{"data": {"text/html": "<b>é</b>"}}])
            self.assertEqual([each.id for each in sandbox.contexts.list()], [context.id])
            cell = context.start("await new Promise((resolve) => setTimeout(resolve, 60_000))")
            next(iter(cell))
            self.assertTrue(context.interrupt())
            self.assertEqual((cell.wait().context_lost, context.run("xs.length").value), (False, 2))

    def test_a_program_that_talks(self):
        with Sandbox.create("typescript", client=self.client) as sandbox:
            program = sandbox.start("for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) console.log(line);")
            events = iter(program)
            self.assertEqual(next(events).type, "started")
            program.write("é")
            event = next(events)
            self.assertEqual(event.text, "é\n")
            events.close()
            program.close_stdin()
            (last,) = program.events(event.id)
            self.assertEqual((last.type, list(program.events(last.id))), ("completed", []))
            self.assertEqual(program.wait().stdout, "é\n")
            program.kill()
            with sandbox.start("setInterval(() => {}, 1000)") as other:
                next(iter(other))
            self.assertEqual(other.wait().outcome["kind"], "cancelled")

    def test_threads_share_a_client(self):
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda number: self.client.run("typescript", f"console.log({number})").stdout, range(8)))
        self.assertEqual(results, [f"{number}\n" for number in range(8)])

    def test_much_output(self):
        with self.client.start("typescript", 'console.log("é".repeat(400_000))', stdin="") as program:
            text = "".join(each.text for each in program if each.type == "stdout")
        self.assertEqual((len(text), program.wait().stdout == text), (400_001, True))


if __name__ == "__main__":
    unittest.main()
