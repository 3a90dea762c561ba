"""Counts a session of Gemini CLI: a document that holds its messages, or a log of records."""

import json
import re

from counting import Counts, obj, records, text_of, tokens

# What the program puts before the conversation, not the operator.
INJECTED_GEMINI = ("<session_context>", "This is the Gemini CLI. We are setting up the context",
                   "<state_snapshot>")

EXIT_CODE = re.compile(r"^Exit Code: (\d+)$", re.MULTILINE)


def messages_of(path, counts):
    """The last version of each message, whether it was rewound later or not: it was said."""
    if path.endswith(".json"):
        with open(path, encoding="utf-8", errors="replace") as file:
            document = json.load(file)
        counts.sessions.add(document["sessionId"])
        return [message for message in document["messages"] if isinstance(message, dict)]
    messages = {}
    for record in records(path, counts):
        changes = obj(record.get("$set"))
        for message in changes.get("messages", []):
            if isinstance(message, dict) and isinstance(message.get("id"), str):
                messages[message["id"]] = message
        if isinstance(record.get("id"), str):
            messages[record["id"]] = record
        elif "sessionId" in record:
            counts.sessions.add(record["sessionId"])
    return list(messages.values())


def is_gemini(path):
    if path.endswith(".json"):
        return True
    first = next(records(path, Counts()), {})
    return "sessionId" in first and "projectHash" in first and "type" not in first


def count_gemini(path, counts):
    for message in messages_of(path, counts):
        if message.get("type") == "user":
            text = text_of(message.get("content")).strip()
            if text and not text.startswith(INJECTED_GEMINI):
                counts.add("prompts")
        elif message.get("type") == "gemini":
            for call in message.get("toolCalls") or []:
                gemini_call(call, counts)
            usage = message.get("tokens")
            if isinstance(usage, dict):
                # Cached tokens are among the input's; thoughts are beside the output's.
                cached = tokens(usage, "cached")
                counts.response(
                    message.get("model"), tokens(usage, "input") - cached,
                    tokens(usage, "output") + tokens(usage, "thoughts"), cached)


def gemini_call(call, counts):
    counts.add("tool_calls")
    status = call.get("status")
    if status not in ("success", "error", "cancelled"):
        return
    failed = status == "error"
    if call.get("name") == "run_shell_command":
        # Judged: a command that fails is still a success of the tool.
        for part in call.get("result") or []:
            response = obj(obj(obj(part).get("functionResponse")).get("response"))
            codes = EXIT_CODE.findall(str(response.get("output", "")))
            failed = failed or bool(codes) and codes[-1] != "0"
    counts.result(status == "cancelled", failed)
