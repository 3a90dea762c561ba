"""Counts the log that forge-loop keeps of a worker."""

from counting import obj

KINDS = {"turn_start", "assistant_text", "tool_use", "tool_result", "final_result",
         "cost_telemetry", "error", "worker_mcp_filtered"}


def is_forge_worker(all_records):
    return any("seq" in record and record.get("kind") in KINDS for record in all_records)


def count_forge_worker(all_records, counts):
    for record in all_records:
        session = obj(record.get("data")).get("session_id") or record.get("sdk_session_id")
        if isinstance(session, str):
            counts.sessions.add(session)
        # Judged: the figures of the final result are the runner's word about a whole session,
        # which has a transcript of its own: no response is counted by them.
        if record.get("kind") == "tool_use":
            counts.add("tool_calls")
        elif record.get("kind") == "tool_result":
            counts.result(False, record.get("is_error") is True)
