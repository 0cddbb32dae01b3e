"""manifest.py FOLDER...: write FOLDER/MANIFEST.json, the SHA-256 of every file below; --check compares instead."""
import argparse
import hashlib
import json
import sys
from pathlib import Path


def digests(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in ("MANIFEST.json", "README.md"))
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    differing = 0
    for folder in options.folders:
        found, manifest = digests(folder), folder / "MANIFEST.json"
        if not options.check:
            manifest.write_text(json.dumps({"schema": 1, "sha256": found}, indent=1, sort_keys=True) + "\n")
            continue
        recorded = json.loads(manifest.read_text())["sha256"]
        for name in sorted(set(found) | set(recorded)):
            if found.get(name) != recorded.get(name):
                differing += 1
                print(f"{folder / name}: expected {recorded.get(name)}, found {found.get(name)}")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()
