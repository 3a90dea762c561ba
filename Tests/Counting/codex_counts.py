"""Counts a Codex rollout, or what `codex exec --json` printed."""

import json

from counting import holds_words, obj, text_of, tokens

INJECTED_CODEX = (
    "<environment_context>", "# AGENTS.md", "<INSTRUCTIONS>", "<user_instructions>",
    "<turn_aborted>", "<subagent_notification>", "<skill>", "<recommended_plugins>",
)

CODEX_CALLS = (
    "function_call", "custom_tool_call", "local_shell_call", "web_search_call",
    "tool_search_call", "tool_call",
)
CODEX_RESULTS = (
    "function_call_output", "custom_tool_call_output", "tool_search_output", "tool_result",
    "function_result",
)
CODEX_ITEM_TOOLS = ("command_execution", "mcp_tool_call", "file_change", "web_search")


def is_codex(all_records):
    return any(
        isinstance(record.get("payload"), dict) or "created_at" in record
        or record.get("type") in ("thread.started", "turn.started")
        for record in all_records[:5])


def count_codex(all_records, counts):
    meta = next((obj(record.get("payload")) for record in all_records
                 if record.get("type") == "session_meta"), {})
    thread = next((record.get("thread_id") for record in all_records
                   if record.get("type") == "thread.started"), None)
    # Judged: what a session is called that its file never names is left to the reader.
    if meta.get("id") or thread:
        counts.sessions.add(meta.get("id") or thread)

    source = meta.get("source")
    child = bool(meta.get("parent_thread_id")
                 or isinstance(source, dict) and source.get("subagent"))
    all_records = without_replay(all_records, meta, child)
    # Messages are written twice: one family is taken, the events where there are any.
    events = any(obj(record.get("payload")).get("type") == "user_message"
                 for record in all_records if record.get("type") == "event_msg")
    total = None
    model = None
    for record in all_records:
        kind = record.get("type")
        payload = obj(record.get("payload"))
        if kind == "turn_context":
            model = payload.get("model") or model
        if kind == "response_item":
            codex_item(payload, counts)
            if payload.get("type") == "message" and payload.get("role") == "user":
                if not events and not child and holds_words(
                        payload.get("content"), INJECTED_CODEX):
                    counts.add("prompts")
        elif kind == "event_msg" and payload.get("type") == "user_message":
            # A child's prompts were given by its parent.
            if not child and holds_words(payload.get("message"), INJECTED_CODEX):
                counts.add("prompts")
        elif kind == "event_msg" and payload.get("type") == "token_count":
            total = codex_tokens(obj(payload.get("info")), total, model, counts)
        elif kind in ("item.started", "item.completed"):
            exec_item(kind, obj(record.get("item")), counts)
        elif kind == "turn.completed":
            codex_usage(obj(record.get("usage")), None, counts)
        elif not payload:
            codex_item(record, counts)
            if record.get("role") == "user" and holds_words(
                    record.get("content", record.get("message")), INJECTED_CODEX):
                counts.add("prompts")


def without_replay(all_records, meta, child):
    """Judged: a child's file opens with a copy of its parent's history. Read alone, the parent's
    turns are unknown; what proves a copy is a time before the file's own start."""
    if not child:
        return all_records
    start = str(meta.get("timestamp", ""))
    return [record for record in all_records if str(record.get("timestamp", "")) >= start]


def codex_item(item, counts):
    kind = item.get("type")
    call = item.get("call_id")
    if kind in CODEX_CALLS and counts.first("call", call):
        counts.add("tool_calls")
    if kind in CODEX_RESULTS and counts.first("result", call):
        output = item.get("output", item.get("result"))
        denied, failed = codex_outcome(output)
        counts.result(denied, failed)


def codex_outcome(output):
    """(refused, failed): Codex has no error flag, so the exit code or the text tells."""
    if isinstance(output, str):
        try:
            parsed = json.loads(output)
        except ValueError:
            parsed = None
        if isinstance(parsed, dict):
            output = parsed
    if isinstance(output, dict):
        metadata = obj(output.get("metadata"))
        code = next((value for value in (
            metadata.get("exit_code"), output.get("exit_code"), output.get("exitCode"))
            if isinstance(value, int)), None)
        if code is not None:
            return False, code != 0
        output = output.get("output", output.get("content"))
    text = text_of(output).lstrip()
    if text.startswith(("patch rejected by user", "rejected by user")):
        return True, False
    # Judged: a sandbox that stops a command is a failure of the command, nobody's refusal.
    if text.startswith(("failed in sandbox", "execution error:")):
        return False, True
    for line in text.splitlines()[:4]:
        for head in ("Exit code: ", "Process exited with code "):
            if line.startswith(head):
                return False, line[len(head):].strip() != "0"
    return False, False


def codex_tokens(info, before, model, counts):
    """Cumulative totals: each change is one response. A total repeated is the same response; one
    that fell belongs to a restarted program, which counts from zero again."""
    total = info.get("total_token_usage")
    if not isinstance(total, dict) or total == before:
        return before
    increment = info.get("last_token_usage")
    if not isinstance(increment, dict):
        fell = before is None or tokens(total, "total_tokens") < tokens(before, "total_tokens")
        increment = {key: tokens(total, key) - (0 if fell else tokens(before, key))
                     for key in total}
    codex_usage(increment, model, counts)
    return total


def codex_usage(usage, model, counts):
    cached = tokens(usage, "cached_input_tokens")
    counts.response(
        model, tokens(usage, "input_tokens") - cached, tokens(usage, "output_tokens"), cached)


def exec_item(kind, item, counts):
    if item.get("type") not in CODEX_ITEM_TOOLS:
        return
    if counts.first("call", item.get("id")):
        counts.add("tool_calls")
    if kind == "item.completed" and counts.first("result", item.get("id")):
        code = item.get("exit_code")
        failed = item.get("status") == "failed" or isinstance(code, int) and code != 0
        counts.result(item.get("status") == "declined", failed)
