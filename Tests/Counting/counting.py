"""What the counting of both formats shares: the lines of a transcript, and where counts go."""

import json


class Counts:
    def __init__(self):
        self.numbers = dict.fromkeys(
            ("tool_calls", "tool_results", "responses", "output_tokens", "input_tokens",
             "cache_read_tokens", "cache_write_tokens", "prompts", "denied", "tool_errors",
             "lines_bad"), 0)
        self.sessions = set()
        self.seen = set()
        self.models = {}

    def add(self, name, number=1):
        self.numbers[name] += number

    def first(self, *identity):
        """Whether this identity is new; one with an unknown part is always new."""
        if None in identity:
            return True
        new = identity not in self.seen
        self.seen.add(identity)
        return new

    def response(self, model, input, output, cache_read=0, cache_write=0, cache_write_1h=0):
        """One answer of a model; None where the source does not name it."""
        figures = {"input_tokens": input, "output_tokens": output,
                   "cache_read_tokens": cache_read, "cache_write_tokens": cache_write}
        self.add("responses")
        for name, number in figures.items():
            self.add(name, number)
        sums = self.models.setdefault(model if isinstance(model, str) else None, {})
        figures.update({"calls": 1, "cache_write_1h_tokens": min(cache_write_1h, cache_write)})
        for name, number in figures.items():
            sums[name] = sums.get(name, 0) + number

    def model_list(self):
        return [{"model": model, **sums}
                for model, sums in sorted(self.models.items(), key=lambda entry: entry[0] or "")]

    def result(self, denied, failed):
        self.add("tool_results")
        if denied:
            self.add("denied")
        elif failed:
            self.add("tool_errors")


def records(path, counts):
    """The JSON objects of the file, in order. An unterminated last line is not yet written."""
    with open(path, "rb") as file:
        data = file.read()
    for number, line in enumerate(data.split(b"\n")[:-1]):
        if number == 0:
            line = line.removeprefix(b"\xef\xbb\xbf")
        line = line.removesuffix(b"\r")
        if not line.strip():
            continue
        try:
            value = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            counts.add("lines_bad")
            continue
        # A bare string or number is JSON, so not a bad line, but says nothing.
        if isinstance(value, dict):
            yield value


def obj(value):
    return value if isinstance(value, dict) else {}


def tokens(usage, key):
    value = obj(usage).get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def blocks(content):
    """Content blocks; a bare string, alone or in the list, is a text."""
    if isinstance(content, str):
        content = [content]
    for block in content if isinstance(content, list) else []:
        if isinstance(block, str):
            yield {"type": "text", "text": block}
        elif isinstance(block, dict):
            yield block


def text_of(content):
    return "\n".join(str(block.get("text", "")) for block in blocks(content))


def holds_words(content, injected):
    """Whether the content has a text or an image that came from a person."""
    for block in blocks(content):
        kind = block.get("type")
        if kind in ("image", "input_image"):
            return True
        text = block.get("text")
        if kind in ("text", "input_text") and isinstance(text, str):
            if text.strip() and not text.lstrip().startswith(injected):
                return True
    return False
