"""The machine and the versions that a measurement belongs to."""
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

PACKAGES = ("torch", "transformers", "onnxruntime", "openvino", "onnx", "tokenizers", "numpy")
FEATURES = {"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "hypervisor", "asimd", "bf16"}
# What changes how fast a library runs, by its environment.
PREFIXES = ("OPENBLAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "ONEDNN_", "DNNL_", "OV_", "TBB_")


def first_value(path, key):
    for line in Path(path).read_text().splitlines():
        if line.split(":", 1)[0].strip() == key:
            return line.split(":", 1)[1].strip()
    return None


def command_output(*argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def features():
    flags = first_value("/proc/cpuinfo", "flags") or first_value("/proc/cpuinfo", "Features") or ""
    return sorted(FEATURES & set(flags.split()))


def caches():
    """Of the first core, as the kernel has them, by level and kind; a virtual machine may say what is not so."""
    def read(entry, name):
        return (entry / name).read_text().strip()

    kinds = {"Data": "d", "Instruction": "i", "Unified": ""}
    return {f"L{read(e, 'level')}{kinds[read(e, 'type')]}": read(e, "size")
            for e in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"))}


def cores():
    """Cores in which a program may run; two logical processors of one core count once."""
    siblings = [Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") for cpu in os.sched_getaffinity(0)]
    return len({path.read_text() if path.exists() else path for path in siblings})


def load():
    """The load averages over 1, 5 and 15 minutes."""
    return list(os.getloadavg())


def description(threads):
    here = Path(__file__).parent
    return {
        "processor": first_value("/proc/cpuinfo", "model name"),
        "vendor": first_value("/proc/cpuinfo", "vendor_id"),
        **{name: first_value("/proc/cpuinfo", key) for name, key in
           (("family", "cpu family"), ("model", "model"), ("stepping", "stepping"), ("microcode", "microcode"))},
        "features": features(),
        "caches": caches(),
        "architecture": platform.machine(),
        "cores": cores(),
        "logical_processors": len(os.sched_getaffinity(0)),
        "threads": threads,
        "memory": first_value("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES} | {
            "python": platform.python_version(),
            "openblas": command_output("pkg-config", "--modversion", "openblas"),
            "swift": (command_output("swift", "--version") or "").split("\n")[0] or None,
            "graft": command_output("git", "-C", str(here), "describe", "--always", "--dirty")},
        # Every process runs in it; but OpenBLAS's own products try other values of OPENBLAS_CORETYPE (openblas.py).
        "environment": {name: value for name, value in sorted(os.environ.items()) if name.startswith(PREFIXES)},
    }
