"""What `IPython.display` offers, for cells: it is this module in every context, so that a display is shown where the
context's own are, and IPython need not be installed. The names of the context come before it: `send_display`, `show`."""

import base64
import html
import mimetypes
import os
import re
import uuid


class DisplayObject:
    """Something to display: its data, or the file or address where they are."""

    _read_flags = "r"

    def __init__(self, data=None, url=None, filename=None, metadata=None):
        if isinstance(data, os.PathLike):
            data = str(data)
        if isinstance(data, str) and url is None and filename is None and self._is_place(data):
            data, url, filename = (None, data, None) if re.match(r"https?://", data) else (None, None, data)
        self.data, self.url, self.filename, self.metadata = data, url, filename, metadata or {}
        if data is None:
            self.reload()

    def _is_place(self, text):
        return bool(re.match(r"https?://\S+$", text))

    def reload(self):
        if self.filename is not None:
            encoding = None if "b" in self._read_flags else "utf-8"
            with open(self.filename, self._read_flags, encoding=encoding) as file:
                self.data = file.read()
        elif self.url is not None:
            from urllib.request import urlopen

            with urlopen(self.url) as answer:
                content = answer.read()
            self.data = content if "b" in self._read_flags else content.decode()

    def __repr__(self):
        return f"<{type(self).__module__}.{type(self).__name__} object>"


class TextDisplayObject(DisplayObject):
    def __init__(self, data=None, url=None, filename=None, metadata=None):
        if data is not None and not isinstance(data, (str, os.PathLike)):
            raise TypeError(f"{type(self).__name__} expects text, not {data!r}")
        super().__init__(data, url, filename, metadata)


class Pretty(TextDisplayObject):
    def __repr__(self):
        return self.data


class HTML(TextDisplayObject):
    def _repr_html_(self):
        return self.data

    __html__ = _repr_html_


class Markdown(TextDisplayObject):
    def _repr_markdown_(self):
        return self.data


class Latex(TextDisplayObject):
    def _repr_latex_(self):
        return self.data


class Math(TextDisplayObject):
    def _repr_latex_(self):
        return rf"$\displaystyle {self.data.strip('$')}$"


class SVG(TextDisplayObject):
    def _is_place(self, text):
        return not text.lstrip().startswith("<")

    def _repr_svg_(self):
        return self.data[max(self.data.find("<svg"), 0) :]


class JSON(DisplayObject):
    def _repr_json_(self):
        import json

        return json.loads(self.data) if isinstance(self.data, str) else self.data


class GeoJSON(JSON):
    def _repr_mimebundle_(self):
        return {"application/geo+json": self._repr_json_(), "text/plain": repr(self)}


class Javascript(TextDisplayObject):
    def __init__(self, data=None, url=None, filename=None, lib=None, css=None):
        super().__init__(data, url, filename)

    def _repr_javascript_(self):
        return self.data


class Code(TextDisplayObject):
    def __init__(self, data=None, url=None, filename=None, language=None):
        self.language = language
        super().__init__(data, url, filename)

    def __repr__(self):
        return self.data

    def _repr_html_(self):
        return f"<pre>{html.escape(self.data)}</pre>"


class Image(DisplayObject):
    """An image of bytes, of a file, or of an address, which the reader's browser then loads."""

    _read_flags = "rb"
    _KINDS = {"png": b"\x89PNG", "jpeg": b"\xff\xd8", "gif": b"GIF8"}

    def __init__(self, data=None, url=None, filename=None, format=None, embed=None, width=None, height=None, **_):
        self.width, self.height, self.embed = width, height, embed
        super().__init__(data, url, filename)
        content = self.data if isinstance(self.data, bytes) else b""
        found = [kind for kind, begin in self._KINDS.items() if content.startswith(begin)]
        self.format = found[0] if found else (format or "png").lower().replace("jpg", "jpeg")

    def _is_place(self, text):
        return True

    def reload(self):
        if self.url is None or self.embed:
            super().reload()

    def _repr_mimebundle_(self):
        if self.data is not None:
            return {f"image/{self.format}": self.data}
        sizes = [(name, getattr(self, name)) for name in ("width", "height")]
        size = "".join(f' {name}="{value}"' for name, value in sizes if value is not None)
        return {"text/html": f'<img src="{html.escape(self.url)}"{size}/>'}

    def _repr_png_(self):
        return self.data if self.format == "png" else None

    def _repr_jpeg_(self):
        return self.data if self.format == "jpeg" else None


class Audio(DisplayObject):
    _read_flags, _element, _type = "rb", "audio", "audio/wav"

    def __init__(self, data=None, filename=None, url=None, embed=None, rate=None, autoplay=False, **_):
        self.embed = url is None if embed is None else embed
        if rate is not None and not isinstance(data, (str, bytes, type(None))):
            data = _wave_of(data, rate)
        super().__init__(data, url, filename)

    def _is_place(self, text):
        return True

    def reload(self):
        if self.url is None or self.embed:
            super().reload()

    def _repr_html_(self):
        place = self.filename or self.url or ""
        kind = mimetypes.guess_type(place)[0] or self._type
        source = self.url if self.data is None else f"data:{kind};base64,{_base64_of(self.data)}"
        return f'<{self._element} controls="controls" src="{html.escape(source or "")}"></{self._element}>'


class Video(Audio):
    _element, _type = "video", "video/mp4"

    def __init__(self, data=None, url=None, filename=None, embed=False, width=None, height=None, **_):
        super().__init__(data, filename, url, embed)


class IFrame:
    def __init__(self, src, width="100%", height=400, extras=None, **parameters):
        from urllib.parse import urlencode

        self.src, self.width, self.height = src, width, height
        self.query = f"?{urlencode(parameters)}" if parameters else ""

    def _repr_html_(self):
        source = html.escape(f"{self.src}{self.query}")
        return f'<iframe width="{self.width}" height="{self.height}" src="{source}" frameborder="0" allowfullscreen></iframe>'


class YouTubeVideo(IFrame):
    def __init__(self, id, width=400, height=300, **parameters):
        super().__init__(f"https://www.youtube.com/embed/{id}", width, height, **parameters)


class FileLink:
    def __init__(self, path, *_, **__):
        self.path = str(path)

    def __repr__(self):
        return os.path.abspath(self.path)

    def _repr_html_(self):
        return f'<a href="{html.escape(self.path)}" target="_blank">{html.escape(self.path)}</a>'


class FileLinks(FileLink):
    pass


class DisplayHandle:
    """A display that can be shown again with other contents: an update is a display of its own here."""

    def __init__(self, display_id=None):
        self.display_id = display_id or uuid.uuid4().hex

    def display(self, value, **options):
        display(value, **options)

    update = display


def display(*values, raw=False, display_id=None, clear=False, **_options):
    """Displays values. With a display_id, returns a handle."""
    if clear:
        clear_output(wait=True)
    show(*values, raw=raw)
    return None if not display_id else DisplayHandle(None if display_id is True else display_id)


def update_display(value, *, display_id=None, **options):
    display(value, **options)


def publish_display_data(data, metadata=None, **_options):
    show(data, raw=True)


def clear_output(wait=False):
    """Clears what the cell has shown so far: at once, or when it shows the next thing."""
    send_display({CLEAR_TYPE: {"wait": bool(wait)}})


def _displayer(kind):
    def display_as(*values, raw=False, metadata=None):
        for value in values:
            show({kind: value} if raw else value, raw=raw)

    return display_as


display_html, display_markdown = _displayer("text/html"), _displayer("text/markdown")
display_png, display_jpeg, display_svg = _displayer("image/png"), _displayer("image/jpeg"), _displayer("image/svg+xml")
display_latex, display_json = _displayer("text/latex"), _displayer("application/json")
display_javascript, display_pretty = _displayer("application/javascript"), _displayer("text/plain")


def set_matplotlib_formats(*_formats, **_options):
    """Figures are PNG here."""


def set_matplotlib_close(close=True):
    """Figures are closed at the end of their cell here."""


def _base64_of(data):
    return data if isinstance(data, str) else base64.b64encode(data).decode()


def _wave_of(samples, rate):
    import array
    import io
    import wave

    values = [float(value) for value in samples]
    peak = max([1e-9, *(abs(value) for value in values)])
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array.array("h", [int(value / peak * 32767) for value in values]).tobytes())
    return content.getvalue()


for _one in list(globals().values()):
    if isinstance(_one, type) and _one.__module__ == __name__:
        _one.__module__ = "IPython.core.display"
