"""The machine and the versions that a measurement belongs to."""
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

PACKAGES = ("torch", "transformers", "onnxruntime", "onnx", "tokenizers", "numpy")
# What changes how fast a library runs, by its environment.
VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_WAIT_POLICY",
             "GOMP_SPINCOUNT", "GOMP_CPU_AFFINITY", "KMP_AFFINITY")


def first_value(path, key):
    for line in Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split(":", 1)[1].strip()
    return None


def command_output(*argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def description(threads):
    features = set((first_value("/proc/cpuinfo", "flags") or "").split())
    here = Path(__file__).parent
    return {
        "processor": first_value("/proc/cpuinfo", "model name"),
        "features": sorted(features & {"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16"}),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "threads": threads,
        "memory": first_value("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES} | {
            "python": platform.python_version(),
            "openblas": command_output("pkg-config", "--modversion", "openblas"),
            "swift": (command_output("swift", "--version") or "").split("\n")[0] or None,
            "graft": command_output("git", "-C", str(here), "describe", "--always", "--dirty")},
        # The children never see OPENBLAS_CORETYPE, whatever the caller has.
        "environment": {name: os.environ.get(name) if name != "OPENBLAS_CORETYPE" else None for name in VARIABLES},
    }
