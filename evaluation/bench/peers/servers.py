"""Benchmark processes, which answer `run`, `result` and `quit`; the protocol is in README.md."""
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

PAUSE = 0.05  # between two processes: threads of the last one stop spinning
TRIAL_RUNS = 3


def environment(threads, changes=None):
    """That of the caller; tokenizers get the case's threads. A change to None takes a variable away."""
    own = {"RAYON_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false"}
    return {k: v for k, v in (os.environ | own | (changes or {})).items() if v is not None}


def answer_lines(run, result, repeat=1):
    """The process's own side: answers the lines of standard input; `result` is asked for after a run."""
    for line in sys.stdin:
        command = line.strip()
        if command == "quit":
            return
        if command == "result":
            print(json.dumps(result(answer)), flush=True)
        elif command == "run":
            begin = time.perf_counter()
            for _ in range(repeat):
                answer = run()
            print(f"{(time.perf_counter() - begin) / repeat:.6f}", flush=True)
        else:
            raise SystemExit(f"unknown command {command!r}: run, result or quit")


class Server:
    """A benchmark process that answers `run`, `result` and `quit`."""

    def __init__(self, command, threads, changes=None):
        self.command, self.notes = command, {}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment(threads, changes))

    def ask(self, word):
        """The line that answers: a number for `run`, an object for `result`; objects before a number are kept."""
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if not line.lstrip().startswith("{"):
                return float(line)
            if word == "result":
                return json.loads(line)
            self.notes |= json.loads(line)
        name = " ".join(map(str, self.command))
        raise SystemExit(f"{name}: ended with {self.process.wait()} instead of answering {word}")

    def settle(self):
        """Waits until the process has warmed up and reads its standard input, so that no other one is timed beside it."""
        reading = ("0 0x0 ", "63 0x0 ")  # the system call read, on x86-64 and arm64, from standard input
        place = Path(f"/proc/{self.process.pid}/syscall")
        while self.process.poll() is None and os.access(place, os.R_OK) and not place.read_text().startswith(reading):
            time.sleep(PAUSE)

    def peak_memory(self):
        """VmHWM in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))

    def niceness(self):
        """The priority that the process has by now; whoever changes that of some contenders alone spoils a comparison."""
        return os.getpriority(os.PRIO_PROCESS, self.process.pid)

    def quit(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.close()
        if self.process.wait(60):
            raise SystemExit(f"{' '.join(map(str, self.command))}: ended with {self.process.returncode}")


def alternated(servers, rounds, warmup=0):
    """The seconds of each server, `rounds` of them after `warmup` that do not count, one server at a time."""
    for server in servers.values():
        server.settle()
    taken = {name: [] for name in servers}
    for index in range(warmup + rounds):
        for name, server in servers.items():
            time.sleep(PAUSE)
            seconds = server.ask("run")
            if index >= warmup:
                taken[name].append(seconds)
    return taken


def trial(servers, runs=TRIAL_RUNS):
    """Each server's smallest time over a few alternated runs, after which it ends."""
    taken = alternated(servers, runs)
    for server in servers.values():
        server.quit()
    return {name: min(seconds) for name, seconds in taken.items()}


def first_line(argv, threads):
    """Seconds from the start of a process to its first line, and that line."""
    begin = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment(threads)) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - begin
    if process.returncode or not line:
        raise SystemExit(f"{' '.join(map(str, argv))}: ended with {process.returncode} and no answer")
    return seconds, line


def summary(seconds):
    return {"seconds": seconds, "median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)}
