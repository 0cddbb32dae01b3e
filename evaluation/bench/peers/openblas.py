"""OpenBLAS at its best: of the kernels that it has for this processor, those that are fastest here.

OpenBLAS chooses its kernels by the processor's name, which a virtual machine or a new processor may hide, or by
OPENBLAS_CORETYPE. A reference that Graft is compared with must not be slow for such a reason.
"""
import re
import subprocess

import machine
from servers import Server, environment, trial

VARIABLE, UNSET = "OPENBLAS_CORETYPE", "unset"
# What a processor must have for OpenBLAS's kernels of that name.
CORES = {"Haswell": {"avx2", "fma"}, "Zen": {"avx2", "fma"}, "SkylakeX": {"avx512f"}, "Cooperlake": {"avx512_bf16"},
         "Sapphirerapids": {"amx_bf16"}}


def candidates():
    return [UNSET, *(name for name, needed in CORES.items() if needed <= set(machine.features()))]


def setting(name):
    """The change to the environment."""
    return {VARIABLE: None if name == UNSET else name}


def kernels(argv, threads, name):
    """Those that OpenBLAS says it uses; with a name that it does not know, those for the processor."""
    said = subprocess.run(argv, input="", capture_output=True, text=True,
                          env=environment(threads, setting(name) | {"OPENBLAS_VERBOSE": "2"}))
    found = re.findall(r"^Core: (\w+)", said.stderr, re.MULTILINE)
    return found[-1] if found else None


def best(argv, threads):
    """The setting with which graft-bench's products `argv` are fastest, and what led to it."""
    times = trial({name: Server(argv, threads, setting(name)) for name in candidates()})
    name = min(times, key=times.get)
    return name, {"coretype": name, "kernels": kernels(argv, threads, name), "trial_seconds": times}
