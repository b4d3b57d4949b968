"""Executes the cells of a Python context in one namespace, and collects the values that they display."""

import ast
import builtins
import contextvars
import linecache
import sys
import types

MAX_DISPLAYS = 1000
COMPILED = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
CO_COROUTINE = 0x80


class Cells:
    def __init__(self):
        self.displayed = []
        self.dropped = 0
        self.loop = None
        self.context = contextvars.copy_context()  # All cells share their context variables.
        module = types.ModuleType("__main__")
        self.names = module.__dict__
        sys.modules["__main__"] = module
        builtins.display = self.display
        sys.argv = [""]

    def execute(self, code, name, max_bytes):
        """Executes a cell; returns the encoded value of its last expression."""
        return self.context.run(to_result, self.evaluate(code, name), max_bytes)

    def evaluate(self, code, name):
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)
        tree = compile(code, name, "exec", ast.PyCF_ONLY_AST | COMPILED)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        parts = [compile(tree, name, "exec", COMPILED)]
        if last is not None:
            parts.append(compile(ast.Expression(last.value), name, "eval", COMPILED))
        if any(part.co_flags & CO_COROUTINE for part in parts):
            return self.wait_for(self.evaluate_async(parts))
        return [self.context.run(eval, part, self.names) for part in parts][-1]

    async def evaluate_async(self, parts):
        for part in parts:
            value = eval(part, self.names)
            if part.co_flags & CO_COROUTINE:
                value = await value
        return value

    def wait_for(self, coroutine):
        import asyncio

        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        task = self.loop.create_task(coroutine, context=self.context)
        try:
            return self.loop.run_until_complete(task)
        except KeyboardInterrupt as error:
            task.cancel()
            try:
                if not task.done():
                    self.loop.run_until_complete(task)
            except asyncio.CancelledError as cancelled:
                if without_own_frames(error.__traceback__) is None:  # The interrupt came while the loop was idle.
                    error.__traceback__ = cancelled.__traceback__  # Shows where the cell was waiting.
            except (Exception, KeyboardInterrupt):
                pass  # However the task ends, the cell is interrupted.
            raise error

    def display(self, *values, raw=False):
        """Displays values beside what a cell prints; with raw, the values are bundles of MIME types."""
        for value in values:
            if len(self.displayed) >= MAX_DISPLAYS:
                self.dropped += 1
                continue
            self.displayed.append((check_bundle(value) if raw else to_bundle(value), value))

    def take_displays(self, max_bytes):
        return self.context.run(self.encode_displays, max_bytes)

    def encode_displays(self, max_bytes):
        displayed, self.displayed = self.displayed, []
        displays, room = [], max_bytes
        for bundle, value in displayed:
            bundle = shorten(bundle, value, max_bytes)
            room -= cost_of(bundle) + 1
            if room >= 0:
                displays.append(bundle)
        omitted = len(displayed) - len(displays) + self.dropped
        self.dropped = 0
        return {"displays": displays, **({"displaysOmitted": omitted} if omitted else {})}
