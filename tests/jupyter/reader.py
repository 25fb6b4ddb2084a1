"""What a page of open-by-address says, for tests."""

from __future__ import annotations

from html.parser import HTMLParser


class Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.inputs: dict[str, str] = {}
        self.links: list[tuple[str, str]] = []
        self.heading = ""
        self.text = ""
        self._in: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.inputs[given["name"]] = given["value"]
        elif tag == "a":
            self.links.append((given["href"], ""))
        if tag not in {"input", "meta", "link"}:
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += f"{data} " if data.strip() else ""
        if "h1" in self._in:
            self.heading += data
        if "a" in self._in:
            href, text = self.links[-1]
            self.links[-1] = (href, text + data)
