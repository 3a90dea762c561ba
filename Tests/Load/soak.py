#!/usr/bin/env python3
"""Holds a served log under load for a while and fails where it grows or does not answer.

    Tests/Load/soak.py PROGRAM [--seconds 600] [--streams 2000] [--browsers 200] [--writers 20]

Writers append to transcripts, streams follow /live (each a session, some of them all), browsers ask
for pages with pauses as people make them, others open connections and drop them, one never reads.
Every few seconds the server's memory and descriptors are noted; at the end it gets SIGTERM in the
middle of everything, and every line that was written must be in the log once.

It begins on a log that is larger than the server's caches, as one is after weeks, and with caches
that are full, as they are after a day: the writer keeps 64 MB of pages, and while they fill, that
can't be told from memory that is lost.
"""

import argparse
import collections
import http.client
import json
import multiprocessing
import os
import random
import re
import resource
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PAGES = ["/", "/events", "/events?type=message.user", "/sessions", "/workers", "/runs", "/tasks",
         "/graph", "/sources", "/validation", "/contract", "/healthz", "/events.json?limit=20",
         "/events?q=ledger", "/metrics"]
# Lines a second that fill the caches.
WARMING_RATE = 600
# Set before the server is told to stop: what breaks from then on is meant to.
ENDING = multiprocessing.Event()
MARK = re.compile(rb"soak-(\d+)-(\d+)-(\d+)")


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


# --- Writers ------------------------------------------------------------------------------------

def session_id(writer):
    return f"50a50000-0000-4000-8000-{writer:012d}"


def line(writer, number):
    """A prompt that says who wrote it when, in ns of the monotonic clock that processes share."""
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
    text = f"the ledger does not add up soak-{writer}-{number}-{time.monotonic_ns()}"
    return json.dumps({
        "type": "user", "uuid": f"{writer}-{number}", "sessionId": session_id(writer),
        "timestamp": stamp, "cwd": "/home/dev/ledger", "version": "2.0.46",
        "message": {"role": "user", "content": text}}) + "\n"


def write(folder, writers, rate, warming, warm, stop, counts):
    """Appends `rate` lines a second to each file, spread evenly; before that `warming` in all, fast."""
    files = [open(os.path.join(folder, f"w{n}.jsonl"), "a", buffering=1) for n in range(writers)]
    due = time.monotonic()
    turn = 0
    while not stop.is_set():
        if turn == warming:
            warm.set()
            due = time.monotonic()
        writer = turn % writers
        files[writer].write(line(writer, counts[writer]))
        counts[writer] += 1
        turn += 1
        due += 1 / (WARMING_RATE if turn < warming else rate * writers)
        time.sleep(max(0, due - time.monotonic()))
    for file in files:
        file.close()


def write_past(folder, size):
    """Transcripts of earlier sessions, of so many MB; returns how many lines they have."""
    words = random.Random(1)
    lines = 0
    for session in range(max(1, size)):
        with open(os.path.join(folder, f"past{session}.jsonl"), "w") as file:
            while file.tell() < 1 << 20:
                text = " ".join(f"{words.getrandbits(32):x}" for _ in range(words.randint(5, 120)))
                stamp = f"2026-01-{session % 28 + 1:02d}T{lines // 3600 % 24:02d}:{lines // 60 % 60:02d}"
                file.write(json.dumps({
                    "type": "user", "uuid": f"past-{lines}", "sessionId": session_id(1000 + session),
                    "timestamp": f"{stamp}:{lines % 60:02d}Z", "cwd": "/home/dev/past",
                    "version": "2.0.46", "message": {"role": "user", "content": text}}) + "\n")
                lines += 1
    return lines


# --- Streams ------------------------------------------------------------------------------------

def follow(port, streams, whole, writers, stop, results):
    """Holds the streams of one process; measures on each how long a line takes to arrive."""
    poll = select.epoll()
    rests, followed, latencies = {}, {}, []
    frames = collections.Counter()
    lost = 0

    def open_stream(writer):
        client = socket.create_connection(("127.0.0.1", port), timeout=30)
        query = "" if writer is None else f"?session={session_id(writer)}"
        client.sendall(
            f"GET /live{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        client.setblocking(False)
        rests[client.fileno()] = [client, b"", writer]
        poll.register(client.fileno(), select.EPOLLIN)

    for number in range(streams):
        open_stream(None if number < whole else number % writers)
    results.put(("open", streams))
    while not stop.is_set():
        for descriptor, _ in poll.poll(0.2):
            entry = rests[descriptor]
            try:
                data = entry[0].recv(1 << 18)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                lost += not ENDING.is_set()
                poll.unregister(descriptor)
                entry[0].close()
                del rests[descriptor]
                if not ENDING.is_set():
                    open_stream(entry[2])
                continue
            now = time.monotonic_ns()
            data = entry[1] + data
            end = data.rfind(b"\n\n") + 1
            entry[1] = data[end:]
            # An event tells its text in the summary and in the payload: once a frame.
            for frame in data[:end].split(b"\n\n"):
                found = MARK.search(frame)
                if found:
                    frames["whole" if entry[2] is None else "session"] += 1
                    latencies.append((now - int(found[3])) / 1e6)
    for entry in list(rests.values()):
        entry[0].close()
    if len(latencies) > 200_000:
        latencies = random.sample(latencies, 200_000)
    results.put(("streams", lost, dict(frames), latencies))


# --- Browsers -----------------------------------------------------------------------------------

def browse(port, browsers, pause, stop, results):
    """Some browsers in threads, each with a connection that it keeps and pauses between pages."""
    statuses, times = collections.Counter(), []
    lock = threading.Lock()

    def one(number):
        randomly = random.Random(number)
        client = None
        while not stop.wait(randomly.uniform(0, 2 * pause)):
            page = randomly.choice(PAGES)
            start = time.monotonic()
            try:
                if client is None:
                    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                client.request("GET", page)
                answer = client.getresponse()
                answer.read()
                outcome = answer.status
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
                client = None
            if ENDING.is_set():
                return
            with lock:
                statuses[outcome] += 1
                times.append(time.monotonic() - start)

    threads = [threading.Thread(target=one, args=(n,), daemon=True) for n in range(browsers)]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(5)
    results.put(("browsers", dict(statuses), times))


# --- Those who behave badly ---------------------------------------------------------------------

def drop(port, total, seconds, stop, results):
    """Opens connections and drops them: at once, in the middle of a head, of a body, of an answer."""
    beginnings = [b"", b"GET / HTTP/1.1\r\nHo", b"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                  b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{" % port,
                  b"GET /events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port,
                  b"GET /live HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port,
                  b"\x16\x03\x01garbage\r\n\r\n"]
    done = refused = 0
    pause = seconds / total
    while not ENDING.is_set() and done < total:
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=10)
            beginning = beginnings[done % len(beginnings)]
            if beginning:
                client.sendall(beginning)
            if done % 7 == 0:
                # As a crash does: a reset in place of an orderly end.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        except OSError:
            refused += not ENDING.is_set()
        done += 1
        time.sleep(pause * 0.8)
    results.put(("dropped", done, refused))


def never_read(port, hold, stop, results):
    """A client of all events that takes nothing for a while: it must be cut, and harm nobody.

    What had been sent before still arrives once it reads again; behind that, the end shows the cut."""
    cuts = rounds = 0
    while not ENDING.is_set():
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET /live?last_event_id=0 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port)
        ENDING.wait(hold)
        client.settimeout(10)
        over = time.monotonic() + 20
        try:
            while time.monotonic() < over and not ENDING.is_set():
                if not client.recv(1 << 20):
                    cuts += 1
                    break
        except ConnectionResetError:
            cuts += 1
        except OSError:
            pass
        rounds += not ENDING.is_set()
        client.close()
    results.put(("cuts", cuts, rounds))


# --- The server ---------------------------------------------------------------------------------

class Server:
    def __init__(self, program, folder, database, assets):
        self.errors = open(database + ".errors", "ab")
        self.process = subprocess.Popen(
            [program, "serve", folder, "--db", database, "--port", "0", "--assets", assets],
            stdout=subprocess.PIPE, stderr=self.errors,
            env={**os.environ, "HOME": os.path.dirname(database)})
        address = self.process.stdout.readline().decode()
        found = re.search(r":(\d+)/", address)
        if not found:
            sys.exit("the server did not start: " + open(database + ".errors").read()[-2000:])
        self.port = int(found[1])

    def figures(self):
        """Memory in kB, descriptors, threads, and processor time in s."""
        place = f"/proc/{self.process.pid}"
        status = dict(
            row.split(":", 1) for row in open(place + "/status").read().splitlines() if ":" in row)
        times = open(place + "/stat").read().rsplit(")", 1)[1].split()
        ticks = os.sysconf("SC_CLK_TCK")
        return (int(status["VmRSS"].split()[0]), len(os.listdir(place + "/fd")),
                int(status["Threads"]), (int(times[11]) + int(times[12])) / ticks)

    def get(self, path):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        client.request("GET", path)
        answer = client.getresponse()
        body = answer.read()
        client.close()
        return answer.status, body

    def stop(self):
        start = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        return status, time.monotonic() - start


def grows(values, share, least):
    """Whether the last quarter of a run lies above its second one by more than is noise."""
    quarter = max(1, len(values) // 4)
    early = statistics.median(values[quarter:2 * quarter])
    late = statistics.median(values[-quarter:])
    return late > early * (1 + share) + least, early, late


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--whole", type=int, default=50, help="of the streams, those of all events")
    parser.add_argument("--browsers", type=int, default=200)
    parser.add_argument("--pause", type=float, default=5, help="s between two pages of a browser")
    parser.add_argument("--writers", type=int, default=20)
    parser.add_argument("--rate", type=float, default=1, help="lines a second of each writer")
    parser.add_argument("--drops", type=int, default=10_000)
    parser.add_argument("--past", type=int, default=150, help="MB that were written before")
    parser.add_argument("--warming", type=int, default=120_000, help="lines that fill the caches")
    parser.add_argument("--folder", help="where to work (default: a temporary folder)")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    folder = tempfile.mkdtemp(prefix="fleetlog-soak-", dir=options.folder)
    try:
        return soak(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def soak(options, folder):
    transcripts, database = os.path.join(folder, "transcripts"), os.path.join(folder, "log.db")
    os.mkdir(transcripts)
    assets = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    past = write_past(transcripts, options.past)
    server = Server(options.program, transcripts, database, assets)
    while stored_by(server) < past:
        time.sleep(1)
    # An import leaves free memory behind, in which a leak would not show.
    server.stop()
    server = Server(options.program, transcripts, database, assets)
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    counts = [0] * options.writers
    writing, warm = threading.Event(), threading.Event()
    writer = threading.Thread(
        target=write, args=(
            transcripts, options.writers, options.rate, options.warming, warm, writing, counts))
    writer.start()
    warm.wait()

    def start(target, *arguments):
        process = multiprocessing.Process(target=target, args=(*arguments, stop, results), daemon=True)
        process.start()
        return process

    helpers = [start(follow, server.port, options.streams, options.whole, options.writers)]
    assert results.get(timeout=120)[0] == "open"
    helpers.append(start(browse, server.port, options.browsers, options.pause))
    helpers.append(start(drop, server.port, options.drops, options.seconds))
    helpers.append(start(never_read, server.port, min(120, options.seconds / 4)))
    samples = []
    begun = time.monotonic()
    while time.monotonic() - begun < options.seconds and server.process.poll() is None:
        time.sleep(min(5, options.seconds / 40))
        if server.process.poll() is None:
            samples.append((time.monotonic() - begun, *server.figures()))
    lived = server.process.poll() is None
    ENDING.set()
    # The middle of everything: writers, streams and browsers are all at it.
    status, took = server.stop() if lived else (server.process.returncode, 0)
    stop.set()
    told = {}
    for _ in helpers:
        name, *values = results.get(timeout=120)
        told[name] = values
    writing.set()
    writer.join()
    for helper in helpers:
        helper.join(30)
    return report(
        options, database, transcripts, assets, samples, told, sum(counts), past, lived, status, took)


def stored_by(server):
    """Lines of the transcripts that the log has."""
    found = re.search(rb'fleetlog_events\{type="message.user"\} (\d+)', server.get("/metrics")[1])
    return int(found[1]) if found else -1


def report(
        options, database, transcripts, assets, samples, told, wanted, past, lived, status, took):
    problems = []
    lost, frames, latencies = told["streams"]
    answers, times = told["browsers"]
    dropped, unconnected = told["dropped"]
    memory = grows([sample[1] for sample in samples], 0.10, 8 << 10)
    descriptors = grows([sample[2] for sample in samples], 0.02, 16)
    # Every line that was written is in the log once, also those written while it was down.
    server = Server(options.program, transcripts, database, assets)
    for _ in range(120):
        stored = stored_by(server) - past
        if stored >= wanted:
            break
        time.sleep(0.5)
    again, _ = server.stop()
    errors = open(database + ".errors", errors="replace").read()
    sampled = samples[-1][0] if samples else 0
    figures = {
        "seconds": round(sampled), "streams": options.streams, "streams_lost": lost,
        "frames": sum(frames.values()), "frames_of_whole_streams": frames.get("whole", 0),
        "delivery_ms_p50": round(percentile(latencies, 0.5), 1),
        "delivery_ms_p99": round(percentile(latencies, 0.99), 1),
        "browsers": options.browsers, "pages": sum(answers.values()), "answers": answers,
        "page_ms_p50": round(1000 * percentile(times, 0.5), 1),
        "page_ms_p99": round(1000 * percentile(times, 0.99), 1),
        "dropped_connections": dropped, "not_connected": unconnected,
        "never_reading": told["cuts"][1], "never_reading_cut": told["cuts"][0], "writers": options.writers, "lines": wanted,
        "stored": stored, "memory_MB": [round(m / 1024, 1) for m in memory[1:]],
        "memory_MB_at_most": round(max(s[1] for s in samples) / 1024, 1),
        "descriptors": list(descriptors[1:]), "descriptors_at_most": max(s[2] for s in samples),
        "threads_at_most": max(s[3] for s in samples),
        "processor_share_of_a_core": round((samples[-1][4] - samples[0][4])
                                           / max(1, samples[-1][0] - samples[0][0]), 2),
        "sigterm_status": status, "sigterm_seconds": round(took, 2)}
    if not lived:
        problems.append("the server ended by itself")
    if status != 0 or again != 0:
        problems.append(f"SIGTERM ended it with {status} and {again}")
    if took > 5:
        problems.append(f"SIGTERM took {took:.1f} s")
    if lost:
        problems.append(f"{lost} streams were cut")
    # Of less, all that the client never takes fits into the system's own buffers.
    if wanted > 8000 and not told["cuts"][0]:
        problems.append("a client that never reads was not cut")
    if stored != wanted:
        problems.append(f"{wanted} lines were written and {stored} are in the log")
    if memory[0]:
        problems.append(f"memory grew from {memory[1]} to {memory[2]} kB")
    if descriptors[0]:
        problems.append(f"descriptors grew from {descriptors[1]} to {descriptors[2]}")
    if any(outcome != 200 for outcome in answers):
        problems.append(f"not every page was answered: {answers}")
    if "Fatal" in errors or "crash" in errors.lower():
        problems.append("stderr tells of a crash: " + errors[-500:])
    figures["problems"] = problems
    print(json.dumps(figures, indent=1))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
