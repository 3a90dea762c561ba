"""Counts what OpenCode keeps: its database, or the files of its storage."""

import json
import os
import sqlite3

from counting import obj, tokens

REFUSALS_OPENCODE = (
    "The user rejected permission to use this specific tool call",
    "The user has specified a rule which prevents you from using this specific tool call",
)


def is_opencode(path):
    return path.endswith(".db") or os.path.isdir(path)


def count_opencode(path, counts):
    sessions, messages, parts = of_database(path) if path.endswith(".db") else of_files(path)
    counts.sessions.update(sessions)
    stepped = set()
    for message, part in parts:
        if part.get("type") == "step-finish":
            stepped.add(message)
            usage_opencode(obj(part.get("tokens")), messages.get(message, {}), counts)
        elif part.get("type") == "tool":
            opencode_call(part, counts)
        elif part.get("type") == "text" and messages.get(message, {}).get("role") == "user":
            if not part.get("synthetic") and part.get("text", "").strip():
                counts.add("prompts")
    for name, message in messages.items():
        # A message repeats what its steps told.
        if message.get("role") == "assistant" and name not in stepped:
            usage_opencode(obj(message.get("tokens")), message, counts)


def of_database(path):
    database = sqlite3.connect("file:%s?immutable=1" % path, uri=True)
    return (
        [row[0] for row in database.execute("SELECT id FROM session")],
        {row[0]: json.loads(row[1]) for row in database.execute("SELECT id, data FROM message")},
        [(row[0], json.loads(row[1]))
         for row in database.execute("SELECT message_id, data FROM part")])


def of_files(path):
    def every(kind):
        for folder, _, names in os.walk(os.path.join(path, kind)):
            for name in names:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    yield os.path.basename(folder), json.load(file)

    return (
        [session["id"] for _, session in every("session")],
        {message["id"]: message for _, message in every("message")},
        [(part.get("messageID", owner), part) for owner, part in every("part")])


def usage_opencode(usage, message, counts):
    cache = obj(usage.get("cache"))
    figures = (
        tokens(usage, "input"), tokens(usage, "output") + tokens(usage, "reasoning"),
        tokens(cache, "read"), tokens(cache, "write"))
    if any(figures):
        counts.response(message.get("modelID"), *figures)


def opencode_call(part, counts):
    state = obj(part.get("state"))
    status = state.get("status")
    if status == "pending":
        return
    counts.add("tool_calls")
    if status not in ("completed", "error", "success"):
        return
    denied = status == "error" and str(state.get("error", "")).startswith(REFUSALS_OPENCODE)
    # Judged: a command that fails has completed; the tool "invalid" is a call that could not be.
    code = obj(state.get("metadata")).get("exit")
    failed = status == "error" or part.get("tool") == "invalid" or isinstance(code, int) and code != 0
    counts.result(denied, failed)
