"""hub_cache.py --graft PATH [--model models/imdb-bert-1] [-o results/hub_cache.json]

Checks that Graft and the Python package `huggingface_hub` read each other's cache. A server on this machine plays the hub,
with one repository made of an embedded model, whose weights it keeps on another host. Against it, each in a new cache:

* Python downloads, `graft inspect NAME` opens with HF_HUB_OFFLINE=1 (no connection is made), `graft pull` downloads nothing;
* `graft pull NAME` downloads, Python opens with local_files_only=True, sees what is known to be absent, scans the cache
  without a warning, and downloads nothing; with --transformers, the model and its tokenizer are opened too;
* `graft pull` is killed in the middle (SIGKILL), then Python downloads; and then Graft downloads in the same way;
* two `graft pull` at once, and `graft pull` beside Python: each file is sent once;
* Python holds the lock of the weights: `graft pull` waits for it;
* files of a pull that is interrupted are resumed by range.

Of Graft it needs `graft pull NAME` and `graft inspect NAME`, which exit with 0 where all went well. Prints a line per check,
writes the results, and exits 1 if any failed.
"""
import argparse
import hashlib
import http.server
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
COMMIT = "a1" * 20
NAME = "evaluation/tiny"
FOLDER = "models--evaluation--tiny"
ABSENT = ["tokenizer.json", "added_tokens.json", "generation_config.json"]


class Hub(http.server.ThreadingHTTPServer):
    """A hub with one repository. `delay` is slept after each 64 KiB of the weights."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.etags = {name: etag(name, data) for name, data in files.items()}
        self.delay = 0.0
        self.log = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server_port}"

    def sent(self, start=0):
        """The files whose bytes were sent since a place in the log, with the ranges asked for."""
        return [(path, ranges) for method, path, ranges in self.log[start:] if method == "GET" and "/api/" not in path]

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def reply(self, status, headers, body=b""):
        self.send_response(status)
        headers.setdefault("Content-Length", len(body))
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "HEAD":
            return
        for place in range(0, len(body), 1 << 16):
            self.wfile.write(body[place:place + (1 << 16)])
            if "/large/" in self.path:
                time.sleep(self.server.delay)

    def content(self, data, headers):
        start = 0
        if "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.reply(206 if start else 200, headers, data[start:])

    def answer(self):
        hub = self.server
        path = self.path.split("?")[0]
        hub.log.append((self.command, path, self.headers.get("Range")))
        if path.startswith("/large/"):
            return self.content(next(d for n, d in hub.files.items() if hub.etags[n] == path[7:]), {})
        if path.startswith(f"/api/models/{NAME}"):
            if "/tree/" in path:
                listing = [tree_entry(name, data, hub.etags[name]) for name, data in sorted(hub.files.items())]
            else:
                listing = {"id": NAME, "sha": COMMIT, "private": False, "tags": [],
                           "siblings": [{"rfilename": name} for name in sorted(hub.files)]}
            return self.reply(200, {"Content-Type": "application/json"}, json.dumps(listing).encode())
        for revision in ("main", COMMIT):
            prefix = f"/{NAME}/resolve/{revision}/"
            if path.startswith(prefix):
                return self.file(path.removeprefix(prefix))
        self.reply(404, {"X-Error-Code": "RepoNotFound"})

    def file(self, name):
        hub = self.server
        if name not in hub.files:
            return self.reply(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        data, tag = hub.files[name], f'"{hub.etags[name]}"'
        if name.endswith(".safetensors"):
            return self.reply(302, {
                "X-Repo-Commit": COMMIT, "X-Linked-Etag": tag, "X-Linked-Size": len(data),
                "Location": f"http://localhost:{hub.server_port}/large/{hub.etags[name]}"})
        self.content(data, {"X-Repo-Commit": COMMIT, "ETag": tag})


def etag(name, data):
    if name.endswith(".safetensors"):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def tree_entry(name, data, tag):
    entry = {"type": "file", "path": name, "size": len(data), "oid": tag[:40]}
    if len(tag) == 64:
        entry["lfs"] = {"oid": tag, "size": len(data), "pointerSize": 134}
    return entry


class Cache:
    """A new cache, and the programs that use it."""

    def __init__(self, hub, graft):
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name + "/hub"
        self.hub, self.graft = hub, graft
        self.environment = {
            "HF_ENDPOINT": hub.endpoint, "HF_HUB_CACHE": self.path, "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_TOKEN": ""}

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [self.graft, *arguments], env={**os.environ, **self.environment, **environment},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, *arguments, **environment):
        process = self.start(*arguments, **environment)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, f"graft {' '.join(arguments)}: {output}"
        return output

    def python(self, code):
        """Runs code in a process of its own, since the package reads its settings when it is imported."""
        result = subprocess.run(
            [sys.executable, "-W", "error::UserWarning", "-c", code], env={**os.environ, **self.environment},
            capture_output=True, text=True, timeout=300)
        assert result.returncode == 0, result.stderr[-2000:]
        return result.stdout

    def python_downloads(self):
        """As transformers does: file by file, asking for what is not there, too."""
        return self.python(f"""
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
for name in {sorted(self.hub.files) + ABSENT!r}:
    try:
        hf_hub_download({NAME!r}, name)
    except EntryNotFoundError:
        assert name in {ABSENT!r}
""")

    def python_reads(self):
        """Opens everything that Graft reads without the network; returns the digests."""
        return json.loads(self.python(f"""
import hashlib, json
from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download, try_to_load_from_cache
from huggingface_hub.file_download import _CACHED_NO_EXIST
names = {[n for n in sorted(self.hub.files) if n not in NOT_READ]!r}
paths = {{n: hf_hub_download({NAME!r}, n, local_files_only=True) for n in names}}
for name in {ABSENT!r}:
    assert try_to_load_from_cache({NAME!r}, name) is _CACHED_NO_EXIST, name
report = scan_cache_dir()
assert not report.warnings, report.warnings
repository, = report.repos
revision, = repository.revisions
assert repository.repo_id == {NAME!r} and revision.commit_hash == {COMMIT!r} and revision.refs == {{"main"}}
assert {{f.file_name for f in revision.files}} == set(names)
assert snapshot_download({NAME!r}, local_files_only=True).endswith({COMMIT!r})
print(json.dumps({{n: hashlib.sha256(open(p, "rb").read()).hexdigest() for n, p in paths.items()}}))
"""))

    def check_blobs(self):
        """Every blob has the bytes that its name says, and nothing half written is linked."""
        blobs = f"{self.path}/{FOLDER}/blobs"
        names = {tag: name for name, tag in self.hub.etags.items()}
        for tag in os.listdir(blobs):
            if tag in names:
                with open(f"{blobs}/{tag}", "rb") as file:
                    assert etag(names[tag], file.read()) == tag, tag


NOT_READ = {"train_log.json"}


def digests(hub):
    return {n: hashlib.sha256(d).hexdigest() for n, d in hub.files.items() if n not in NOT_READ}


def python_then_graft(hub, cache, options):
    cache.python_downloads()
    start = len(hub.log)
    cache.run("inspect", NAME, HF_HUB_OFFLINE="1")
    assert len(hub.log) == start, "a connection was made offline"
    cache.run("pull", NAME)
    assert hub.sent(start) == [], hub.sent(start)
    cache.check_blobs()


def graft_then_python(hub, cache, options):
    cache.run("pull", NAME)
    start = len(hub.log)
    assert cache.python_reads() == digests(hub)
    assert len(hub.log) == start, "a connection was made offline"
    if options.transformers:
        cache.python(f"""
from transformers import AutoModelForMaskedLM, AutoTokenizer
model = AutoModelForMaskedLM.from_pretrained({NAME!r}, local_files_only=True)
tokenizer = AutoTokenizer.from_pretrained({NAME!r}, local_files_only=True)
assert model(**tokenizer("a film", return_tensors="pt")).logits.isfinite().all()
""")
    start = len(hub.log)
    cache.python_downloads()
    # What Graft does not read is all that Python still needs.
    assert {path.rsplit("/", 1)[1] for path, _ in hub.sent(start)} == NOT_READ & set(hub.files), hub.sent(start)


def kill_in_the_middle(hub, cache):
    hub.delay = 0.01
    process = cache.start("pull", NAME)
    blobs = f"{cache.path}/{FOLDER}/blobs"
    end = time.time() + 60
    while time.time() < end:
        unfinished = [n for n in (os.listdir(blobs) if os.path.isdir(blobs) else []) if n.endswith(".incomplete")]
        if unfinished and os.path.getsize(f"{blobs}/{unfinished[0]}") > 1 << 20:
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    hub.delay = 0.0
    left = [n for n in os.listdir(blobs) if n.endswith(".incomplete")]
    assert left, "nothing was left: the pull was not killed in the middle"
    assert not os.path.exists(f"{cache.path}/{FOLDER}/refs/main")
    assert not os.path.exists(f"{cache.path}/{FOLDER}/snapshots/{COMMIT}/model.safetensors")
    return os.path.getsize(f"{blobs}/{left[0]}")


def killed_then_python(hub, cache, options):
    kill_in_the_middle(hub, cache)
    cache.python_downloads()
    cache.check_blobs()
    cache.run("inspect", NAME, HF_HUB_OFFLINE="1")


def killed_then_graft(hub, cache, options):
    size = kill_in_the_middle(hub, cache)
    start = len(hub.log)
    cache.run("pull", NAME)
    large = [ranges for path, ranges in hub.sent(start) if path.startswith("/large/")]
    assert large == [f"bytes={size}-"], large
    assert cache.python_reads() == digests(hub)
    cache.check_blobs()


def two_grafts(hub, cache, options):
    hub.delay = 0.005
    processes = [cache.start("pull", NAME) for _ in range(2)]
    for process in processes:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
    hub.delay = 0.0
    assert sum(path.startswith("/large/") for path, _ in hub.sent()) == 1
    assert cache.python_reads() == digests(hub)


def graft_beside_python(hub, cache, options):
    hub.delay = 0.005
    process = cache.start("pull", NAME)
    cache.python_downloads()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    hub.delay = 0.0
    assert sum(path.startswith("/large/") for path, _ in hub.sent()) == 1
    cache.check_blobs()


def python_holds_the_lock(hub, cache, options):
    lock = f"{cache.path}/.locks/{FOLDER}/{hub.etags['model.safetensors']}.lock"
    os.makedirs(os.path.dirname(lock))
    holder = subprocess.Popen(
        [sys.executable, "-c", f"""
import sys
from huggingface_hub.utils import WeakFileLock
with WeakFileLock({lock!r}):
    print("held", flush=True)
    sys.stdin.read()
"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    process = cache.start("pull", NAME)
    time.sleep(2)
    assert process.poll() is None, process.communicate()[0]
    assert not any(path.startswith("/large/") for path, _ in hub.sent())
    holder.communicate("")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    cache.check_blobs()


CHECKS = [python_then_graft, graft_then_python, killed_then_python, killed_then_graft, two_grafts, graft_beside_python,
          python_holds_the_lock]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graft", required=True)
    parser.add_argument("--model", default=f"{HERE}/../models/imdb-bert-1")
    parser.add_argument("--transformers", action="store_true", help="needs torch")
    parser.add_argument("-o", "--output", default=f"{HERE}/results/hub_cache.json")
    options = parser.parse_args()
    files = {}
    for name in sorted(os.listdir(options.model)):
        with open(f"{options.model}/{name}", "rb") as file:
            files[name] = file.read()
    NOT_READ.intersection_update(files)
    results = {}
    for check in CHECKS:
        hub = Hub(files)
        cache = Cache(hub, os.path.abspath(options.graft))
        try:
            check(hub, cache, options)
            results[check.__name__] = "passed"
        except Exception as error:
            results[check.__name__] = f"failed: {type(error).__name__}: {error}"
        hub.shutdown()
        hub.server_close()
        cache.folder.cleanup()
        print(f"{check.__name__}: {results[check.__name__]}")
    import filelock
    import huggingface_hub
    record = {
        "checks": results, "huggingface_hub": huggingface_hub.__version__, "filelock": filelock.__version__,
        "python": platform.python_version(), "machine": platform.platform(), "model": os.path.basename(options.model)}
    with open(options.output, "w") as file:
        json.dump(record, file, indent=2, sort_keys=True)
        file.write("\n")
    sys.exit(any(value != "passed" for value in results.values()))


if __name__ == "__main__":
    main()
