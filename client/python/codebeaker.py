"""A client of CodeBeaker, which runs untrusted code. It needs Python 3.9 and nothing but the standard library.

    from codebeaker import Sandbox

    with Sandbox.create("python") as sandbox:
        print(sandbox.run("print(40 + 2)").stdout)

``timeout`` is in seconds. Further fields of a request have the API's names, or these as Python writes them
(``min_isolation``, ``idle_timeout_ms``). Dictionaries keep the API's names and units, so that the ``remedy`` of a denial
can be merged into the next request. A program that fails is a result, an :class:`Execution`. Whatever else goes wrong
is a :class:`CodeBeakerError` with a ``code``.

Threads may share everything here: each request has a connection of its own, which is kept for a next one. A process
may fork.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import selectors
import socket
import ssl
import sys
import threading
import time
import uuid
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Dict, Generator, Iterator, List, Mapping, Optional, Sequence, Tuple, Union
from urllib.parse import quote, urlencode, urlsplit

__all__ = ["Client", "CodeBeakerError", "Commands", "Context", "Contexts", "Event", "Execution", "Files", "Program",
           "Sandbox"]
__version__ = "0.1.0"
__license__ = "MIT"

_URL = "http://127.0.0.1:8000"
_MAX_JSON_BYTES = 256 * 1024 * 1024  # No answer of the service is nearly as long.
_MAX_RETRY_WAIT_S = 30.0
_MAX_IDLE_S = 30.0  # A router may have dropped an older connection.
_MAX_IDLE_CONNECTIONS = 8
_WAIT_S = 20  # How long one request waits for the end of a program. Proxies cut what is silent for a minute.
_STREAM_SILENCE_S = 40.0  # Events that are none come every 15 s.
_CANCEL_S = 2.0
_LEAST_SECRET = 8  # Characters of a key that errors do not show. A shorter one may be a word of an answer.
_FOREVER_S = float("inf")
_CODES = {400: "invalid_request", 401: "unauthorized", 403: "permission_denied", 404: "not_found", 409: "conflict",
          413: "too_large", 429: "busy", 500: "internal"}  # Of an answer to HEAD, which has no problem.
_EVENTS_PAUSE_S = 0.3  # From one connection for events to the next.

Json = Dict[str, Any]


class CodeBeakerError(Exception):
    """An error of the service, or of the way to it. It holds no key.

    ``code`` is the identity: one of the API (``not_found``, ``busy`` …), or ``unreachable`` (no answer came, the
    connection was cut, or the service was silent for too long), ``bad_answer`` (not one of CodeBeaker, as the page of
    a proxy) or ``stream_lost`` (events broke off, and could not be taken up again). ``detail`` says what is wrong.
    ``status`` is that of HTTP. ``retry_after`` says in s when the same request may pass. ``problem`` is the service's
    own account, with ``errors``, ``selection`` and ``requestId``.
    """

    def __init__(self, code: str, detail: str, *, status: Optional[int] = None, retry_after: Optional[float] = None,
                 problem: Optional[Json] = None) -> None:
        super().__init__(code, detail)
        self.code, self.detail, self.status = code, detail, status
        self.retry_after, self.problem = retry_after, problem or {}
        self._may_repeat: Optional[bool] = None  # None: where the same request does no harm twice.

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


@dataclass(frozen=True)
class Execution:
    """How a program or a cell ended, and what it printed."""

    id: str
    language: str
    runtime: str
    outcome: Json  #: ``kind`` is ``exited``, ``timed_out``, ``memory_limit`` …
    exit_code: Optional[int]  #: None unless it exited by itself.
    stdout: str
    stderr: str
    truncated: Json = field(default_factory=dict)  #: Bytes left out of the middle of ``stdout`` and ``stderr``.
    usage: Json = field(default_factory=dict)
    denials: List[Json] = field(default_factory=list)  #: What it was refused, each with its ``remedy`` if there is one.
    notes: List[Json] = field(default_factory=list)  #: What else to know of a failure: a missing ``module`` and its ``remedy``.
    value: Any = None  #: Of a cell: the last expression, as JSON or, where ``value_type`` is "mime", a MIME bundle.
    value_type: Optional[str] = None
    text: Optional[str] = None  #: Of a cell: the value as the language's own prompt shows it.
    displays: List[Json] = field(default_factory=list)  #: Of a cell: MIME bundles, in the order of their display.
    error: Optional[Json] = None  #: Of a cell: ``name``, ``message`` and ``traceback`` of an uncaught error.
    context_lost: bool = False  #: Of a cell: its context has ended, with all variables.
    raw: Json = field(default_factory=dict, repr=False)  #: Every field of the answer.

    @property
    def ok(self) -> bool:
        """Whether the program exited with 0."""
        return self.exit_code == 0

    @property
    def files(self) -> Dict[str, bytes]:
        """The files that the request asked for with ``outputs``, by path."""
        return {file["path"]: base64.b64decode(file["content"]) if file["encoding"] == "base64"
                else file["content"].encode() for file in self.raw.get("outputFiles", [])}


@dataclass(frozen=True)
class Event:
    """An event of a program. ``id`` is its place, after which :meth:`Program.events` can begin."""

    type: str  #: ``started``, ``stdout``, ``stderr``, ``display``, ``dropped`` or ``completed``.
    data: Json
    id: str

    @property
    def text(self) -> str:
        """The output of ``stdout`` and ``stderr``; else empty."""
        return self.data.get("text", "")


class Client:
    """The way to one service.

    ``url`` may have a path. ``key`` is by default that of the variable ``CODEBEAKER_CLIENT_KEY``. ``timeout`` is the
    longest silence of the service in s. ``retries`` bounds how often a request is repeated: when the service was busy,
    after the time that it names, up to 30 s; and when the connection failed, if nothing can thereby be done twice: five
    retries outlast 8 s without a service. Programs have an idempotency key. ``tls`` replaces the default context
    of https. Proxies of the environment are not used, and redirects not followed.

    :raises CodeBeakerError: ``invalid_request`` for an address or a key that can be none
    """

    def __init__(self, url: str = _URL, key: Optional[str] = None, *, timeout: float = 60.0, retries: int = 5,
                 tls: Optional[ssl.SSLContext] = None) -> None:
        self._idle: List[Tuple[http.client.HTTPConnection, float]] = []
        key = os.environ.get("CODEBEAKER_CLIENT_KEY") if key is None else key
        if key and not _is_visible(key):
            raise CodeBeakerError("invalid_request", "A key is of visible ASCII characters")
        self._scheme, self._host, self._port, self._base = _parse_url(url)
        self._key, self._tls, self.url, self.timeout, self.retries = key, tls, url, timeout, retries
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections that no request uses. A next request opens one again."""
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def run(self, language: str, code: Optional[str] = None, *, timeout: Optional[float] = None,
            idempotency_key: Optional[str] = None, **request: Any) -> Execution:
        """Runs a program in a place of its own, to its end.

        ``timeout`` bounds the program: at most 300 s (10). ``request`` has further fields of the API: ``files`` (or a
        dictionary of texts and bytes by path), ``args``, ``stdin``, ``env``, ``limits``, ``permissions``, ``outputs``,
        ``min_isolation`` … A connection that is cut ends nothing: the request is repeated under the same
        ``idempotency_key``, by default a new one. A KeyboardInterrupt ends the program.

        :raises CodeBeakerError: where the service could not run it
        """
        wire = _fields(request, timeout, language=language, code=code, stdin="")
        return _run(self, "/v1/executions", wire, idempotency_key)

    def start(self, language: str, code: Optional[str] = None, *, timeout: Optional[float] = None,
              idempotency_key: Optional[str] = None, **request: Any) -> Program:
        """Starts a program, as :meth:`run` does, whose stdin is open unless it is given."""
        wire = _fields(request, timeout, language=language, code=code)
        return _start(self, "/v1/executions", wire, idempotency_key)

    def _json(self, method: str, path: str, wire: Optional[Json] = None, *, read: Callable[[Json], Any] = dict,
              **options: Any) -> Any:
        """Sends JSON, and reads an object, of which ``read`` takes what is wanted."""
        body = None if wire is None else json.dumps(wire, allow_nan=False).encode()
        status, _, data = self._ask(method, path, body, **options)
        answer = _parse_object(data or b"{}")
        if answer is None:
            raise self._foreign("no JSON", status=status)
        return _shape(read, answer)

    def _ask(self, method: str, path: str, body: Optional[bytes] = None, *, headers: Mapping[str, str] = {},
             repeatable: Optional[bool] = None, silence: Optional[float] = None, retries: Optional[int] = None,
             max_bytes: int = _MAX_JSON_BYTES, unanswered: Optional[List[int]] = None,
             undo: Optional[Callable[[bytes], None]] = None) -> Tuple[int, http.client.HTTPMessage, bytes]:
        """Sends a request, and reads its answer. ``repeatable``: though the service may have done it already.

        ``unanswered`` is filled with the attempts that may have arrived, and have no answer. ``undo`` gets the body of
        an answer that comes behind an interrupt.
        """
        def attempt() -> Tuple[int, http.client.HTTPMessage, bytes]:
            with self._exchange(method, path, body, headers, silence or self.timeout) as response:
                return response.status, response.headers, _read(response, max_bytes)
        may_repeat = method in ("GET", "HEAD", "PUT") if repeatable is None else repeatable
        unanswered = [] if unanswered is None else unanswered
        count = 0
        while True:
            unanswered.append(count)
            try:
                return attempt() if undo is None else _apart(attempt, lambda answer: undo(answer[2]))
            except CodeBeakerError as error:
                if error.code != "unreachable" or error._may_repeat:
                    unanswered.pop()
                wait = _retry_wait(error, count, may_repeat)
                if wait is None or count >= (self.retries if retries is None else retries):
                    raise
            count += 1
            time.sleep(wait)

    @contextmanager
    def _exchange(self, method: str, path: str, body: Optional[bytes], headers: Mapping[str, str],
                  silence: float) -> Iterator[http.client.HTTPResponse]:
        """Sends one request, and yields its answer if it is a success. Keeps the connection when that has been read."""
        connection = self._take()
        is_sent = is_read = False
        try:
            if connection.sock is None:
                connection.timeout = min(silence, self.timeout)
                connection.connect()
            connection.sock.settimeout(silence if silence < _FOREVER_S else None)  # type: ignore[union-attr]
            is_sent = True
            try:
                connection.request(method, self._base + path, body, self._headers(body, headers))
            except (BrokenPipeError, ConnectionResetError):
                pass  # A body that is refused early is answered all the same.
            response = connection.getresponse()
            if response.status // 100 != 2:
                raise self._problem(response)
            yield response
            is_read = response.isclosed() and not response.will_close
        except (OSError, http.client.HTTPException) as error:
            # What is no HTTP may show the key.
            raise self._failure(error, is_sent, silence) from (error if isinstance(error, OSError) else None)
        finally:
            if is_read and len(self._idle) < _MAX_IDLE_CONNECTIONS:
                self._idle.append((connection, time.monotonic()))
            else:
                connection.close()

    def _headers(self, body: Optional[bytes], headers: Mapping[str, str]) -> Dict[str, str]:
        return {
            "Accept": "application/json",
            "User-Agent": f"codebeaker-python/{__version__}",
            **({"Authorization": f"Bearer {self._key}"} if self._key else {}),
            **({} if body is None else {"Content-Type": "application/json"}),
            **headers,
        }

    def _take(self) -> http.client.HTTPConnection:
        """Takes an idle connection, or makes one. One that has something to read was closed by the service."""
        if self._process != os.getpid():
            self.close()
            self._process = os.getpid()
        while self._idle:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                break  # Another thread was faster.
            with selectors.DefaultSelector() as selector:
                selector.register(connection.sock, selectors.EVENT_READ)
                if time.monotonic() - since < _MAX_IDLE_S and not selector.select(0):
                    return connection
            connection.close()
        if self._scheme == "https":
            return http.client.HTTPSConnection(self._host, self._port, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port)

    def _problem(self, response: http.client.HTTPResponse) -> CodeBeakerError:
        """Reads the error of an answer."""
        data = _read(response, _MAX_JSON_BYTES)
        status, retry_after = response.status, _parse_retry_after(response.getheader("Retry-After"))
        problem = _parse_object(data)
        if problem is not None and isinstance(problem.get("code"), str):
            return self._error(problem, status=status, retry_after=retry_after)
        if status in (502, 503, 504):
            detail = f"Cannot reach the service behind its proxy, which answered {status}: {self.url}"
            return CodeBeakerError("unreachable", detail, status=status, retry_after=retry_after)
        if not data and status in _CODES:
            return CodeBeakerError(_CODES[status], f"The service answered {status}", status=status,
                                   retry_after=retry_after)
        to = (response.getheader("Location") or "").partition("?")[0].rpartition("@")[2]
        why = f"a redirect to {to}" if to else f"status {status}"
        return self._foreign(why, status=status, retry_after=retry_after)

    def _error(self, problem: Any, **facts: Any) -> CodeBeakerError:
        """Reads a problem. A key that is echoed in it is left out."""
        problem = self._redact(problem)
        if not isinstance(problem, dict) or "code" not in problem:
            return _bad_answer()
        after = problem.get("retryAfterMs")
        if isinstance(after, (int, float)) and 0 <= after < 1e12:
            facts["retry_after"] = after / 1000
        return CodeBeakerError(str(problem["code"]), str(problem.get("detail", "")), problem=problem, **facts)

    def _redact(self, value: Any) -> Any:
        """Replaces the key in JSON. What is nested so deeply that no service has sent it is left out."""
        if isinstance(value, str):
            return value.replace(self._key, "[key]") if self._key and len(self._key) >= _LEAST_SECRET else value
        try:
            if isinstance(value, list):
                return [self._redact(each) for each in value]
            if isinstance(value, dict):
                return {self._redact(name): self._redact(each) for name, each in value.items()}
        except RecursionError:
            return None
        return value

    def _foreign(self, why: str, **facts: Any) -> CodeBeakerError:
        detail = f"The answer is not one of CodeBeaker: check the address: {self.url} ({self._redact(why)})"
        return CodeBeakerError("bad_answer", detail, **facts)

    def _failure(self, error: Exception, is_sent: bool, silence: float) -> CodeBeakerError:
        if not isinstance(error, (OSError, http.client.IncompleteRead)):
            return self._foreign(f"no HTTP: {type(error).__name__}")
        is_silent = is_sent and isinstance(error, socket.timeout)
        why = f"it said nothing for {silence:g} s" if is_silent else str(error)
        detail = f"Cannot reach the service: check that it runs, and its address: {self.url} ({why})"
        failure = CodeBeakerError("unreachable", detail)
        failure._may_repeat = False if is_silent else None if is_sent else True
        return failure


class Program:
    """A program that was started. It runs on without its client. A ``with`` statement kills it at the end of the block.

    Each iteration gives the :class:`Event` s from the beginning to ``completed``, and takes a connection that was cut
    up again. Leaving it ends nothing. The service keeps the head and tail of each stream for slow readers
    (``limits.maxOutputBytes``): ``dropped`` counts what is missing.
    """

    def __init__(self, client: Client, id: str) -> None:
        self.id = id
        self._client, self._path = client, f"/v1/executions/{quote(id, safe='')}"
        self._result: Optional[Json] = None

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: Optional[type], *_: object) -> None:
        _leave(lambda: self.kill() if self._result is None else None, kind)

    def __iter__(self) -> Iterator[Event]:
        return self.events()

    def events(self, last_event_id: str = "") -> Iterator[Event]:
        """Reads the events from the beginning, or after the one with ``last_event_id``.

        :raises CodeBeakerError: ``stream_lost``; the service's error where it could not run the program
        """
        place, losses = [last_event_id], 0
        while True:
            before, since = place[0], time.monotonic()
            try:
                if (yield from self._connect(place)):
                    return
                failure = CodeBeakerError("unreachable", "the connection was closed")
            except CodeBeakerError as error:
                failure = error
            has_moved = place[0] != before
            losses = 0 if has_moved else losses
            if failure.code == "invalid_request" and before:
                self._report(0)
                # A service that was lost has recorded less than it had sent.
                is_lost = self._result is not None and _execution(self._result).outcome["kind"] == "interrupted"
                if self._result is not None and (is_lost or before != last_event_id):
                    yield Event("completed", self._result, before)
                    return
            wait = _backoff(losses) if failure.code == "unreachable" else _retry_wait(failure, losses, True)
            if wait is None:
                raise failure
            if losses >= self._client.retries:
                raise CodeBeakerError("stream_lost", f"The events of {self.id} broke off: {failure}") from failure
            losses += 1
            time.sleep(max(wait, since + _EVENTS_PAUSE_S - time.monotonic()) if has_moved else wait)

    def wait(self) -> Execution:
        """Waits for the end. A KeyboardInterrupt ends the wait, and not the program.

        :raises CodeBeakerError: the service's error where it could not run the program
        """
        while self._result is None:
            self._report(_WAIT_S)
        return _execution(self._result)

    def write(self, text: str) -> None:
        """Writes to stdin, which is open unless the request named it. Returns when the service has
        handed the text on, which waits while the program is queued, or does not read."""
        self._client._json("POST", f"{self._path}/stdin", {"text": text}, silence=_FOREVER_S)

    def close_stdin(self) -> None:
        """Ends stdin; does nothing where it has ended, or the program has."""
        try:
            self._client._json("POST", f"{self._path}/stdin", {"close": True}, repeatable=True, silence=_FOREVER_S)
        except CodeBeakerError as error:
            if error.code != "conflict":
                raise

    def kill(self) -> None:
        """Ends the program as ``cancelled``; does nothing to one that has ended."""
        self._client._json("DELETE", self._path, repeatable=True)

    def _report(self, wait_s: int) -> None:
        """Asks for the result, and waits so long for the end."""
        report = self._client._json("GET", f"{self._path}?waitMs={wait_s * 1000}", silence=self._client.timeout + wait_s)
        if report.get("status") == "failed":
            raise self._client._error(report.get("error"))
        if report.get("status") not in ("queued", "running"):
            self._result = report

    def _connect(self, place: List[str]) -> Generator[Event, None, bool]:
        """Yields the events after a place, which moves with them. Returns whether the last one has come."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": place[0]} if place[0] else {})}
        path = f"{self._path}/events"
        with self._client._exchange("GET", path, None, headers, _STREAM_SILENCE_S) as response:
            if response.status == 204:
                return True
            if not (response.getheader("Content-Type") or "").startswith("text/event-stream"):
                raise self._client._foreign("no events", status=response.status)
            for event in _server_events(response):
                if event.type == "error":
                    raise self._client._error(event.data)
                place[0] = event.id or place[0]
                if event.type == "completed":
                    self._result = event.data
                yield event
                if event.type == "completed":
                    return True
        return False


class Sandbox:
    """An isolated place that lasts: programs run in it one after another, and its files stay between them.

    The service calls it a session. A ``with`` statement kills it at the end of the block. ``info`` is the session as it
    was when this object was made; :meth:`get_info` asks for it again.
    """

    def __init__(self, client: Client, info: Json) -> None:
        self.client, self.info, self.id = client, info, str(info["id"])
        self._path = f"/v1/sessions/{quote(self.id, safe='')}"
        self.files, self.commands, self.contexts = Files(self), Commands(self), Contexts(self)

    @classmethod
    def create(cls, language: str, *, client: Optional[Client] = None, url: str = _URL, key: Optional[str] = None,
               **request: Any) -> Sandbox:
        """Creates a sandbox for a language, on the service of ``client``, else of ``url`` and ``key``.

        It ends after ``idle_timeout_ms`` (1,800,000) without activity, and after ``max_lifetime_ms`` (7,200,000).
        Further fields are ``env``, ``limits``, ``permissions``, ``preference``, ``runtime``, ``min_isolation`` and
        ``metadata``. It is not repeated when the connection fails after it was sent. A KeyboardInterrupt kills one
        whose answer comes within 2 s.

        :raises CodeBeakerError: ``unsupported_language``, ``no_suitable_runtime``, ``runtime_unavailable``, ``busy``
        """
        client = client or Client(url, key)
        wire = _fields(request, language=language)

        def kill(answer: bytes) -> None:
            path = _shape(lambda info: cls(client, info)._path, _parse_object(answer))
            client._ask("DELETE", path, retries=0, silence=_CANCEL_S)
        return client._json("POST", "/v1/sessions", wire, read=lambda info: cls(client, info), undo=kill)

    @classmethod
    def connect(cls, id: str, *, client: Optional[Client] = None, url: str = _URL,
                key: Optional[str] = None) -> Sandbox:
        """Finds a sandbox by its id.

        :raises CodeBeakerError: ``not_found``; ``conflict`` when it has ended
        """
        sandbox = cls(client or Client(url, key), {"id": id})
        sandbox.info = sandbox.get_info()
        if sandbox.info.get("state") in ("closing", "closed"):
            why = sandbox.info.get("closedBecause", "closing")
            raise CodeBeakerError("conflict", f"Cannot use the sandbox {id} as it has ended: {why}")
        return sandbox

    def __repr__(self) -> str:
        return f"Sandbox({self.id!r})"

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, kind: Optional[type], *_: object) -> None:
        _leave(self.kill, kind)

    def get_info(self) -> Json:
        """Asks for the present state: ``state``, ``runtime``, ``expiresAt``, ``closedBecause``, ``metadata`` …"""
        return self.client._json("GET", self._path)

    def run(self, code: Optional[str] = None, *, timeout: Optional[float] = None,
            idempotency_key: Optional[str] = None, **request: Any) -> Execution:
        """Runs a program, or with ``entrypoint`` a file of the sandbox, as :meth:`Client.run` does.

        It waits for its turn up to an hour. ``language`` and ``permissions`` are the sandbox's.
        """
        wire = _fields(request, timeout, code=code, stdin="")
        return _run(self.client, f"{self._path}/executions", wire, idempotency_key)

    def start(self, code: Optional[str] = None, *, timeout: Optional[float] = None,
              idempotency_key: Optional[str] = None, **request: Any) -> Program:
        """Starts a program, whose stdin is open unless it is given."""
        return _start(self.client, f"{self._path}/executions", _fields(request, timeout, code=code), idempotency_key)

    def install(self, *packages: str, timeout: Optional[float] = None) -> Execution:
        """Installs packages for the programs that start afterwards. ``timeout`` is at most 300 s (60).

        Names may have versions. A failed install is a result.
        """
        wire = _fields({}, timeout, type="install_packages", packages=packages)
        return _run(self.client, f"{self._path}/commands", wire, None)

    def set_timeout(self, idle_timeout: float) -> None:
        """Sets how long the sandbox lasts without activity: 1 s to 604,800 s (7 days)."""
        self.client._json("PATCH", self._path, {"idleTimeoutMs": _ms(idle_timeout)}, repeatable=True)

    def kill(self) -> None:
        """Ends the sandbox, its programs and its files; does nothing to one that has ended."""
        _delete(self.client, self._path, "not_found")


class Commands:
    """Programs of the sandbox's system, and operations on its workspace: ``sandbox.commands``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._path = sandbox, f"{sandbox._path}/commands"

    def run(self, command: Union[str, Sequence[str]], *, timeout: Optional[float] = None,
            idempotency_key: Optional[str] = None, **options: Any) -> Execution:
        """Runs a line for the shell or, given a sequence, a program with its arguments, as :meth:`Sandbox.run` does.

        ``timeout`` is at most 300 s (10). Options are ``working_directory``, ``env`` and ``stdin``.

        :raises CodeBeakerError: ``permission_denied`` where the runtime cannot confine a shell
        """
        wire = _shell(command, timeout, options, stdin="")
        return _run(self._sandbox.client, self._path, wire, idempotency_key)

    def start(self, command: Union[str, Sequence[str]], *, timeout: Optional[float] = None,
              idempotency_key: Optional[str] = None, **options: Any) -> Program:
        """Starts a command, whose stdin is open unless it is given."""
        return _start(self._sandbox.client, self._path, _shell(command, timeout, options), idempotency_key)

    def send(self, type: str, **fields: Any) -> Json:
        """Operates on the workspace: ``move_file``, ``copy_file``, ``create_directory``, ``diff``, ``apply_patch`` …

        ``timeout``, where the command takes one (``install_packages``), is in s, as elsewhere.

        :raises CodeBeakerError: what the service says of a command that could not do its work
        """
        client, wire = self._sandbox.client, _fields(fields, fields.pop("timeout", None))
        silence = client.timeout + wire.get("timeoutMs", 0) / 1000
        answer = client._json("POST", self._path, {"type": type, **wire}, silence=silence)
        if "result" not in answer:
            raise client._error(answer.get("error"))
        return answer["result"]


class Files:
    """The files of a sandbox's workspace: ``sandbox.files``.

    A path is relative to the workspace, and /workspace/… means the same file; any other is ``permission_denied``. A
    file that is not there is ``not_found``, and a directory in place of a file is ``invalid_request``.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def read(self, path: str) -> str:
        """Reads a file as UTF-8 text. What is none is shown as U+FFFD."""
        return self.read_bytes(path).decode(errors="replace")

    def read_bytes(self, path: str) -> bytes:
        """Reads the bytes of a file."""
        return self._ask("GET", path, max_bytes=sys.maxsize)[2]

    def write(self, path: str, content: Union[str, bytes]) -> None:
        """Writes or replaces a file, and makes the directories above it. It is there when all of it has arrived."""
        if content is None:
            raise CodeBeakerError("invalid_request", f"Cannot write {path!r}: its content is None")
        headers = {"Content-Type": "application/octet-stream"}
        self._ask("PUT", path, _utf8(content) if isinstance(content, str) else content, headers=headers)

    def list(self, path: str = ".", *, recursive: bool = False, **options: Any) -> List[Json]:
        """Lists the entries of a directory: ``name``, ``path``, ``type``, ``size``, ``modifiedAt``, ``children``.

        Options are ``pattern``, a glob of names or, with a slash in it, of paths; ``include_hidden``; ``max_depth``.
        """
        wire = _fields(options, path=path, recursive=recursive)
        query = urlencode({name: json.dumps(value).strip('"') if isinstance(value, bool) else value
                           for name, value in wire.items()})
        return self._sandbox.client._json("GET", f"{self._sandbox._path}/files?{query}",
                                          read=lambda answer: answer["tree"].get("children", []))

    def delete(self, path: str, *, recursive: bool = False) -> None:
        """Deletes a file or an empty directory; with ``recursive``, also one with everything in it."""
        self._ask("DELETE", path, suffix=f"?recursive={json.dumps(recursive)}")

    def size(self, path: str) -> Optional[int]:
        """The size of a file in bytes; None where there is none. A symlink is followed."""
        try:
            return _shape(int, self._ask("HEAD", path)[1]["Content-Length"])
        except CodeBeakerError as error:
            if error.code == "not_found":
                return None
            if error.status not in (400, 401, 403, 409):
                raise
        return len(self.read_bytes(path))  # An answer to HEAD has no body, which says what is wrong.

    def _ask(self, method: str, path: str, body: Optional[bytes] = None, *, suffix: str = "",
             **options: Any) -> Tuple[int, http.client.HTTPMessage, bytes]:
        """Sends a request for a file. A URL drops the segments . and .., so these come escaped to the service."""
        is_plain = all(part not in ("", ".", "..") for part in path.split("/"))
        whole = _utf8(f"./{path}" if "/" not in path and not is_plain else path)
        url_path = quote(whole, safe="/" if is_plain else "")
        return self._sandbox.client._ask(method, f"{self._sandbox._path}/files/{url_path}{suffix}", body, **options)


class Contexts:
    """The stateful interpreters of a sandbox: ``sandbox.contexts``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def create(self, language: Optional[str] = None) -> Context:
        """Starts an interpreter for a language (the sandbox's). Returns when it can evaluate."""
        return self._sandbox.client._json("POST", f"{self._sandbox._path}/contexts", _fields({}, language=language),
                                          read=lambda info: Context(self._sandbox, info))

    def list(self) -> List[Context]:
        """Lists the contexts that are not lost, the oldest first."""
        return self._sandbox.client._json("GET", f"{self._sandbox._path}/contexts", read=lambda answer: [
            Context(self._sandbox, info) for info in answer["contexts"]])


class Context:
    """A stateful interpreter: its variables stay from one cell to the next. A ``with`` statement closes it."""

    def __init__(self, sandbox: Sandbox, info: Json) -> None:
        self.info, self.id = info, str(info["id"])
        self._client, self._path = sandbox.client, f"{sandbox._path}/contexts/{quote(self.id, safe='')}"

    def __enter__(self) -> Context:
        return self

    def __exit__(self, kind: Optional[type], *_: object) -> None:
        _leave(self.close, kind)

    def run(self, code: str, *, timeout: Optional[float] = None, idempotency_key: Optional[str] = None,
            **request: Any) -> Execution:
        """Evaluates a cell, for at most ``timeout`` (10 s). A KeyboardInterrupt ends the cell, and keeps the variables.

        :raises CodeBeakerError: ``conflict`` when the context is lost
        """
        return _run(self._client, f"{self._path}/executions", _fields(request, timeout, code=code), idempotency_key)

    def start(self, code: str, *, timeout: Optional[float] = None, idempotency_key: Optional[str] = None,
              **request: Any) -> Program:
        """Starts a cell; its events have ``display`` for each value that it displays."""
        return _start(self._client, f"{self._path}/executions", _fields(request, timeout, code=code), idempotency_key)

    def interrupt(self) -> bool:
        """Interrupts the running cell; False when none runs."""
        return self._client._json("POST", f"{self._path}/interrupt", read=lambda answer: answer["interrupted"])

    def close(self) -> None:
        """Ends the context and its running cell; does nothing to one that has ended."""
        _delete(self._client, self._path, "not_found", "conflict")


def _run(client: Client, path: str, wire: Json, key: Optional[str]) -> Execution:
    """Runs a program to its end."""
    with _submitted(client, path, wire, key, _WAIT_S) as report:
        return _execution(report) if "outcome" in report else Program(client, report["id"]).wait()


def _start(client: Client, path: str, wire: Json, key: Optional[str]) -> Program:
    with _submitted(client, path, wire, key, 0) as report:
        return Program(client, report["id"])


@contextmanager
def _submitted(client: Client, path: str, wire: Json, key: Optional[str], wait_s: int) -> Iterator[Json]:
    """Submits a program under a key. What interrupts this process until the end of the block ends the program.

    The answer is the execution where it ends within the time.
    """
    key = key or uuid.uuid4().hex
    if not _is_visible(key):
        raise CodeBeakerError("invalid_request", "An idempotency key is of visible ASCII characters")
    unanswered: List[int] = []

    def submit(wait_s: int, **options: Any) -> Json:
        headers = {"Idempotency-Key": key, "Prefer": f"respond-async, wait={wait_s}"}
        return client._json("POST", path, wire, headers=headers, repeatable=True,
                            read=lambda report: {**report, "id": str(report["id"])}, **options)
    report: Optional[Json] = None
    try:
        report = submit(wait_s, silence=client.timeout + wait_s, unanswered=unanswered)
        yield report
    except Exception:
        raise
    except BaseException:
        try:
            if report is None and unanswered:  # A submit under the key finds the program.
                report = submit(0, retries=0, silence=_CANCEL_S)
            if report is not None:
                client._ask("DELETE", f"/v1/executions/{quote(report['id'], safe='')}", retries=0, silence=_CANCEL_S)
        except CodeBeakerError:
            pass  # The service is gone, or has refused the program.
        raise


def _apart(make: Callable[[], Any], undo: Callable[[Any], None]) -> Any:
    """Calls a function in a thread, which no interrupt of this one reaches. What it makes behind one is undone."""
    made: Future[Any] = Future()
    is_over = threading.Event()

    def undone(value: Any) -> None:
        with suppress(CodeBeakerError):
            undo(value)

    def run() -> None:
        try:
            value = make()
            try:
                made.set_result(value)
            except InvalidStateError:  # Cancelled by the interrupt.
                undone(value)
        except BaseException as error:
            with suppress(InvalidStateError):
                made.set_exception(error)
        is_over.set()
    try:
        threading.Thread(target=run, daemon=True).start()
        return made.result()
    except Exception:
        raise
    except BaseException:
        if made.cancel():
            is_over.wait(_CANCEL_S)
        elif made.exception() is None:
            undone(made.result())
        raise


def _delete(client: Client, path: str, *forgiven: str) -> None:
    """Ends something. Errors with these codes say that it has ended."""
    try:
        client._json("DELETE", path, repeatable=True)
    except CodeBeakerError as error:
        if error.code not in forgiven:
            raise


def _leave(end: Callable[[], None], kind: Optional[type]) -> None:
    """Ends something with its ``with`` block, whose own exception says more than a failure to do so."""
    try:
        end()
    except CodeBeakerError:
        if kind is None:
            raise


def _server_events(response: http.client.HTTPResponse) -> Iterator[Event]:
    """Reads server-sent events. Lines are read as bytes, so that a piece of the network may end within a character."""
    event: Dict[str, str] = {}
    for line in iter(lambda: response.readline(_MAX_JSON_BYTES), b""):
        name, _, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
        if name or value:
            event[name] = value[1:] if value[:1] == " " else value
            continue
        if "data" in event:
            data = _parse_object(event["data"])
            if data is None:
                raise CodeBeakerError("bad_answer", "The events are not those of CodeBeaker")
            yield Event(event.get("event", ""), data, event.get("id", ""))
        event = {}


def _read(response: http.client.HTTPResponse, max_bytes: int) -> bytes:
    """Reads a whole body. One that ends early is an IncompleteRead, one that does not end in time a bad answer."""
    data = bytearray()
    while len(data) <= max_bytes:
        piece = response.read(65_536)
        if not piece:
            if response.length:
                raise http.client.IncompleteRead(bytes(), response.length)
            return bytes(data)
        data += piece
    raise CodeBeakerError("bad_answer", f"An answer of more than {max_bytes} bytes is not one of CodeBeaker")


def _parse_object(text: Union[str, bytes]) -> Optional[Json]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _execution(wire: Json) -> Execution:
    """Reads an execution. Fields that it has beside those here stay in ``raw``."""
    def read(wire: Json) -> Execution:
        wire["outcome"]["kind"]
        names = {each.name: _camel(each.name) for each in fields(Execution)}
        known: Dict[str, Any] = {name: wire[on_wire] for name, on_wire in names.items() if on_wire in wire}
        return Execution(**{**known, "raw": wire})
    return _shape(read, wire)


def _bad_answer() -> CodeBeakerError:
    return CodeBeakerError("bad_answer", "The answer is not one of CodeBeaker")


def _shape(read: Callable[[Any], Any], answer: Any) -> Any:
    """Reads what is wanted of an answer, which may be anybody's."""
    try:
        return read(answer)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _bad_answer() from None


def _retry_wait(error: CodeBeakerError, attempt: int, may_repeat: bool) -> Optional[float]:
    """The wait before a request is repeated, in s; None where it is not."""
    is_refusal = bool(error.problem) or (may_repeat and error.code == "busy")  # Not the page of a proxy.
    if is_refusal and error.retry_after is not None and error.status in (429, 503):
        return error.retry_after if error.retry_after <= _MAX_RETRY_WAIT_S else None
    may_repeat = may_repeat if error._may_repeat is None else error._may_repeat
    return _backoff(attempt) if error.code == "unreachable" and may_repeat else None


def _backoff(attempt: int) -> float:
    """None, then 0.3 s, 1.2 s, and 4.8 s each time, by up to a quarter shorter."""
    return min(0.3 * 4 ** (attempt - 1), 4.8) * random.uniform(0.75, 1) if attempt > 0 else 0.0


def _parse_retry_after(header: Optional[str]) -> Optional[float]:
    """Parses seconds, or a date (RFC 9110, 10.2.3)."""
    if header is None or header.isdecimal():
        return None if header is None else float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _is_visible(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _parse_url(url: str) -> Tuple[str, str, Optional[int], str]:
    """Splits an address. A user in it is refused, and not shown."""
    try:
        parts = urlsplit(url)
        is_plain = _is_visible(url) and not ("@" in url or parts.query or parts.fragment)
        if parts.scheme in ("http", "https") and parts.hostname and is_plain:
            parts.hostname.encode("idna")
            return parts.scheme, parts.hostname, parts.port, parts.path.rstrip("/")
    except ValueError:
        pass  # No port, no IPv6 address, or too long for a name.
    shown = "" if "@" in url else f": {url!r}"
    raise CodeBeakerError("invalid_request", f"The address of a service is like {_URL}, without user or query{shown}")


def _shell(command: Union[str, Sequence[str]], timeout: Optional[float], options: Mapping[str, Any],
           **defaults: str) -> Json:
    line, args = (command, None) if isinstance(command, str) else ("".join(command[:1]), command[1:])
    return _fields(options, timeout, type="execute_shell", command=line, args=args, **defaults)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.title() for word in tail)


def _ms(seconds: float) -> int:
    try:
        return round(seconds * 1000)
    except (OverflowError, ValueError):
        raise CodeBeakerError("invalid_request", f"A time is a finite number of seconds: {seconds}") from None


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise CodeBeakerError("invalid_request", "A path or text must be Unicode, without half of a character") from None


def _fields(request: Mapping[str, Any], timeout: Optional[float] = None, **named: Any) -> Json:
    """The fields of a request as the API names them, without those that are None. A field of ``named`` is a default."""
    wire = {_camel(name): value for each in (named, request) for name, value in each.items() if value is not None}
    if timeout is not None:
        wire["timeoutMs"] = _ms(timeout)
    if isinstance(wire.get("files"), Mapping):
        wire["files"] = [{"path": path, "content": content} if isinstance(content, str) else
                         {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
                         for path, content in wire["files"].items()]
    return wire
