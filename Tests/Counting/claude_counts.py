"""Counts a Claude Code transcript, or what its headless kind prints."""

import json

from counting import blocks, holds_words, obj, text_of, tokens

# Text of a user record that the agent's program wrote, not the operator.
INJECTED_CLAUDE = (
    # Judged: text that opens with <command-message> is a command such as /init that the operator
    # typed to start a turn, so it is a prompt; what it expands to follows as isMeta.
    "<command-name>", "<local-command-stdout>", "<local-command-caveat>",
    "Caveat:", "<bash-input>", "<system-reminder>", "<task-notification>", "<teammate-message",
    "Stop hook feedback:", "This session is being continued", "[Request interrupted by user",
    # Judged: what an IDE adds beside the operator's words is context, like Codex's IDE header.
    # It stands in a block of its own, so a prompt that carries one still counts.
    "<ide_opened_file>", "<ide_selection>",
)

DENIALS_CLAUDE = (
    "The user doesn't want to proceed with this tool use",
    "The user doesn't want to take this action right now",
    "Permission prompt was aborted.",
    "Claude requested permissions to ",
    "This command requires approval",
    # Judged: the same refusal, for a part of a compound command.
    "This Bash command contains multiple operations. The following part requires approval",
)

# Version 2.0.5 stores a refusal with a reason as the operator's bare words, in the shape of a
# failed command: only a person reading them can tell. These were read, and are refusals.
# The last one is the project's own fixture.
REFUSED_IN_BARE_WORDS = {
    "toolu_01YKFv5mcsGBX463DAn2h9YD",
    "toolu_01AJLEsJp78E5Sfgradfa5yz",
    "toolu_01Vd6siQci7BePxZfZCgaaFW",
    "toolu_words",
}

NOT_A_RESPONSE = "<synthetic>"


def count_claude(all_records, counts):
    responses = {}
    for position, record in enumerate(all_records):
        # What is printed names its session otherwise than what is kept.
        session = record.get("sessionId") or record.get("session_id")
        if isinstance(session, str):
            counts.sessions.add(session)
        kind = record.get("type")
        message = record.get("message")
        # A uuid alone repeats with different text; the same uuid with the same message is a copy.
        if message is not None and not counts.first(
                record.get("uuid"), json.dumps(message, sort_keys=True)):
            continue
        # Judged: a message that is a bare string is its own content.
        message = {"content": message} if isinstance(message, str) else obj(message)
        if kind == "assistant":
            claude_assistant(record, message, position, responses, counts)
        elif kind == "user":
            claude_user(record, message, counts)
        elif kind == "attachment":
            attachment = obj(record.get("attachment"))
            if attachment.get("type") == "queued_command" and by_operator(record):
                if holds_words(attachment.get("prompt"), INJECTED_CLAUDE):
                    counts.add("prompts")
    for model, usage in responses.values():
        hour = tokens(obj(usage).get("cache_creation"), "ephemeral_1h_input_tokens")
        counts.response(
            model, tokens(usage, "input_tokens"), tokens(usage, "output_tokens"),
            tokens(usage, "cache_read_input_tokens"),
            tokens(usage, "cache_creation_input_tokens"), hour)


def claude_assistant(record, message, position, responses, counts):
    for block in blocks(message.get("content")):
        if block.get("type") == "tool_use" and counts.first("call", block.get("id")):
            counts.add("tool_calls")
    if message.get("model") == NOT_A_RESPONSE or record.get("isApiErrorMessage") is True:
        return
    # Judged: a line with neither id is a response of its own, named by its uuid or its place;
    # a line without usage or model is still a response, of zero known tokens.
    key = (message.get("id"), record.get("requestId"))
    if key == (None, None):
        key = (None, None, record.get("uuid") or position)
    # The last line of a response has its final figures; a line without any changes nothing.
    model, usage = responses.get(key, (None, None))
    responses[key] = (message.get("model") or model, message.get("usage") or usage)


def by_operator(record):
    # Judged: an explicit human origin outweighs isSidechain, which is a trait of the branch.
    if obj(record.get("origin")).get("kind") == "human":
        return True
    return not record.get("isSidechain") and not (
        record.get("agentId") or record.get("parent_tool_use_id"))


def claude_user(record, message, counts):
    content = message.get("content")
    answers = False
    for block in blocks(content):
        if block.get("type") != "tool_result":
            continue
        answers = True
        tool_use = block.get("tool_use_id")
        if not counts.first("result", tool_use):
            continue
        text = text_of(block.get("content"))
        # Judged: "… was blocked. For security …" is a rule of the program, nobody's refusal, and
        # "[Request interrupted …" inside a result is a command stopped while it ran: failures.
        failed = block.get("is_error") is True
        denied = bool(record.get("toolDenialKind")) or failed and (
            text.startswith(DENIALS_CLAUDE) or tool_use in REFUSED_IN_BARE_WORDS)
        counts.result(denied, failed)
    # Judged: a record with a toolUseResult is a tool's answer even when its block is malformed.
    if answers or "toolUseResult" in record or "tool_use_result" in record:
        return
    if record.get("isMeta") or record.get("isSynthetic") or record.get("isCompactSummary") or not by_operator(record):
        return
    if holds_words(content, INJECTED_CLAUDE):
        counts.add("prompts")
