#!/usr/bin/env python3
"""page.py FILE: say what is wrong with a page of `report --html`: tags that do not close, ids twice, words that HTML does not know, anything
that a browser would fetch or run. Says how many elements and pictures it has. Only the standard library."""
import html.parser, re, sys
import xml.etree.ElementTree

EMPTY = {"meta"}
SVG = {"svg", "rect", "text", "title", "g", "path", "circle", "line", "polyline"}
KNOWN = SVG | {"html", "head", "body", "meta", "style", "title", "h1", "h2", "p", "table", "thead", "tbody", "caption", "tr", "th", "td", "figure", "figcaption", "pre", "code"}
INSIDE = {"tr": {"table", "thead", "tbody"}, "td": {"tr"}, "th": {"tr"}, "figcaption": {"figure"}, "rect": {"svg", "g"}, "text": {"svg", "g"}}
NAMESPACES = {"http://www.w3.org/1999/xhtml", "http://www.w3.org/2000/svg"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.ids, self.n, self.text = [], [], set(), {}, {}

    def say(self, what):
        self.wrong.append(f"line {self.getpos()[0]}: {what}")

    def handle_starttag(self, tag, attributes):
        self.n[tag] = self.n.get(tag, 0) + 1
        if tag not in KNOWN:
            self.say(f"<{tag}>")
        if tag in INSIDE and (not self.open or self.open[-1] not in INSIDE[tag]):
            self.say(f"<{tag}> in {self.open[-1:]}")
        if len({name for name, _ in attributes}) != len(attributes):
            self.say(f"<{tag}> has an attribute twice")
        for name, value in attributes:
            if name == "id" and value in self.ids:
                self.say(f"id {value} twice")
            if name in ("href", "src", "srcset", "action", "data", "xlink:href", "style") or name.startswith("on"):
                self.say(f"{name}={value}")
            if re.search(r"//|url\(", value or "") and value not in NAMESPACES and name != "aria-label":
                self.say(f"{name}={value}")
            self.ids |= {value} if name == "id" else set()
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in EMPTY:
            return
        if not self.open or self.open[-1] != tag:
            self.say(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data):
        if self.open:
            self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data


source = open(sys.argv[1], encoding="utf-8").read()
xml.etree.ElementTree.fromstring(source)
page = Page()
page.feed(source)
page.close()
wrong = page.wrong + [f"<{tag}> is left open" for tag in page.open]
if not source.startswith("<!DOCTYPE html>"):
    wrong.append("no doctype")
for tag in ("html", "head", "title", "body", "h1"):
    if page.n.get(tag) != 1:
        wrong.append(f"{page.n.get(tag, 0)} of <{tag}>")
if not page.text.get("title", "").strip():
    wrong.append("no title")
if re.search(r"@import|url\(", page.text.get("style", "")):
    wrong.append("the style fetches something")
print("\n".join(wrong) if wrong else f"nothing is wrong; {'with' if page.n.get('figure') else 'without'} plots")
sys.exit(1 if wrong else 0)
