"""Peak memory and time of self-attention: the flash kernel against materialised scores.

Both run forward and backward in turn, so that a busy machine slows both alike; the table shows
medians. Memory is measured in a fresh process per case, above the inputs. The rival exists only
here: the package calls `F.scaled_dot_product_attention` and nothing else.

    python benchmarks/attention.py [--repeats 5] [--time-limit 30]
"""

import argparse
import gc
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

HEADS = 4
HEAD_WIDTH = 32
CANVASES = ((96, 128), (240, 320))
STRIDES = (8, 4, 2, 1)
SCORES_LIMIT_BYTES = 4 * 2**30
# Softmax backward holds the weights, their gradient and the gradient of the scores at once.
LIVE_COPIES = 3
# Fewer repeats where all kernels together take this long.
LONG_S = 5.0
LONG_TURNS = 3
RESULT = Path(__file__).resolve().parents[1] / "build" / "bench" / "attention.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kernel at one grid: what was measured, or what stands in its place."""

    memory_bytes: float | None = None
    time_s: float | None = None
    note: str = ""


def flash(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention by the flash kernel; raises where there is none."""
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        return F.scaled_dot_product_attention(query, key, value)


def materialised(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention that writes out all n x n scores."""
    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
    mixed: Tensor = scores.softmax(dim=-1) @ value
    return mixed


KERNELS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "flash": flash,
    "materialised": materialised,
}


def inputs(num_tokens: int, device: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Query, key, value and the gradient of the result, 1 x heads x n x d."""
    generator = torch.Generator(device).manual_seed(0)
    dtype = element(device)
    query, key, value, gradient = (
        torch.randn(
            1, HEADS, num_tokens, HEAD_WIDTH, device=device, dtype=dtype, generator=generator
        )
        for _ in range(4)
    )
    return query.requires_grad_(), key.requires_grad_(), value.requires_grad_(), gradient


def element(device: str) -> torch.dtype:
    """Number format: the flash kernel takes fp32 on the CPU and half precision on CUDA."""
    return torch.bfloat16 if device == "cuda" else torch.float32


def step(kernel: str, tensors: tuple[Tensor, Tensor, Tensor, Tensor]) -> float:
    """One forward and backward pass; seconds."""
    query, key, value, gradient = tensors
    query.grad = key.grad = value.grad = None
    wait(query)
    start = time.perf_counter()
    torch.autograd.backward(KERNELS[kernel](query, key, value), gradient)
    wait(query)
    return time.perf_counter() - start


def wait(tensor: Tensor) -> None:
    """CUDA works behind our back; the clock must not."""
    if tensor.is_cuda:
        torch.cuda.synchronize()


def scores_bytes(num_tokens: int, device: str) -> int:
    """Size of one copy of the scores."""
    return HEADS * num_tokens**2 * element(device).itemsize


def peak_memory(kernel: str, num_tokens: int, device: str) -> int:
    """Peak memory of one step above its inputs, bytes, measured in this process."""
    step(kernel, inputs(16, device))  # Libraries load their buffers on first use.
    tensors = inputs(num_tokens, device)
    gc.collect()
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(kernel, tensors)
        return torch.cuda.max_memory_allocated() - before
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # Peak := present size.
    before = resident("VmRSS")
    step(kernel, tensors)
    return resident("VmHWM") - before


def resident(field: str) -> int:
    """A memory figure of this process from the Linux kernel, bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(f"no {field} in /proc/self/status; memory is measured on Linux only")


def peak_memory_in_fresh_process(kernel: str, num_tokens: int, device: str) -> int:
    """`peak_memory` where nothing ran before."""
    command = [sys.executable, __file__, "--probe", kernel, str(num_tokens), device]
    return int(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))


def measure(
    num_tokens: int, device: str, repeats: int, limit_s: float, last: dict[str, tuple[int, Cell]]
) -> dict[str, Cell]:
    """Both kernels at one grid; ``last`` holds tokens and result of the last grid measured."""
    cells: dict[str, Cell] = {}
    one_copy = scores_bytes(num_tokens, device)
    if one_copy > SCORES_LIMIT_BYTES or free_bytes(device) < (LIVE_COPIES + 1) * one_copy:
        cells["materialised"] = Cell(memory_bytes=LIVE_COPIES * one_copy, note="computed")
    for kernel, (tokens, cell) in last.items():
        growth = num_tokens / tokens
        expected_s = (cell.time_s or 0) * growth**2
        if kernel not in cells and expected_s > limit_s:
            memory = (cell.memory_bytes or 0) * growth ** (2 if kernel == "materialised" else 1)
            cells[kernel] = Cell(memory_bytes=memory, note=f"skipped, about {expected_s:.0f} s")
    kernels = [kernel for kernel in KERNELS if kernel not in cells]
    times = interleaved(kernels, num_tokens, device, repeats)
    for kernel in kernels:
        memory = peak_memory_in_fresh_process(kernel, num_tokens, device)
        cells[kernel] = Cell(memory_bytes=memory, time_s=statistics.median(times[kernel]))
        last[kernel] = (num_tokens, cells[kernel])
    return cells


def interleaved(
    kernels: list[str], num_tokens: int, device: str, repeats: int
) -> dict[str, list[float]]:
    """Seconds of each pass; the kernels take turns, after one pass each that does not count."""
    tensors = inputs(num_tokens, device)
    warm_up_s = sum(step(kernel, tensors) for kernel in kernels)
    turns = min(repeats, LONG_TURNS) if warm_up_s > LONG_S else repeats
    times: dict[str, list[float]] = {kernel: [] for kernel in kernels}
    for _ in range(turns):
        for kernel in kernels:
            times[kernel].append(step(kernel, tensors))
    return times


def free_bytes(device: str) -> int:
    """Memory that can be had without pushing others out."""
    if device == "cuda":
        return torch.cuda.mem_get_info()[0]
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) * 1024
    return 0


def size(num_bytes: float) -> str:
    """Bytes for reading."""
    if num_bytes >= 2**30:
        return f"{num_bytes / 2**30:.2f} GiB"
    return f"{num_bytes / 2**20:.1f} MiB"


def memory_text(cell: Cell) -> str:
    """The memory column of one kernel."""
    text = "–" if cell.memory_bytes is None else size(cell.memory_bytes)
    return f"{text} (computed)" if cell.note else text


def time_text(cell: Cell) -> str:
    """The time column of one kernel."""
    if cell.time_s is None:
        return "–" if cell.note == "computed" else f"– ({cell.note})"
    return f"{cell.time_s:.2f} s" if cell.time_s >= 1 else f"{cell.time_s * 1e3:.2f} ms"


def table(device: str, repeats: int, limit_s: float) -> list[str]:
    """Markdown lines: one row per grid, smallest grid first within each canvas."""
    dtype = str(element(device)).removeprefix("torch.")
    lines = [
        f"## {device_name(device)}, {dtype}",
        "",
        "| Canvas | Grid | Tokens | Scores, one copy | Memory, materialised | Memory, flash "
        "| Time, materialised | Time, flash |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for height, width in CANVASES:
        last: dict[str, tuple[int, Cell]] = {}
        for stride in STRIDES:
            rows, columns = height // stride, width // stride
            cells = measure(rows * columns, device, repeats, limit_s, last)
            plain, fast = cells["materialised"], cells["flash"]
            grid = "full" if stride == 1 else f"1/{stride}"
            lines.append(
                f"| {width}×{height} | {grid} | {rows * columns} "
                f"| {size(scores_bytes(rows * columns, device))} | {memory_text(plain)} "
                f"| {memory_text(fast)} | {time_text(plain)} | {time_text(fast)} |"
            )
    return lines


def device_name(device: str) -> str:
    """Model of the processor and what it runs with."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.partition(":")[2].strip()
        for line in (cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else "").splitlines()
        if line.startswith("model name")
    ]
    return f"{names[0] if names else platform.processor()}, {torch.get_num_threads()} threads"


def commit() -> str:
    """Short commit of the sources, marked where they differ from it."""
    command = ["git", "-C", str(RESULT.parents[2]), "describe", "--always", "--dirty"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "not committed"


def report(repeats: int, limit_s: float) -> str:
    """The whole page."""
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    lines = [
        "# Self-attention: flash against materialised scores",
        "",
        f"`python benchmarks/attention.py --repeats {repeats} --time-limit {limit_s:g}`, commit "
        f"{commit()}, torch {torch.__version__}, Python {platform.python_version()}, "
        f"{platform.system()}.",
        "",
        f"Forward and backward of one image, {HEADS} heads of width {HEAD_WIDTH}. Time: median of "
        f"{repeats} passes ({min(repeats, LONG_TURNS)} where a turn takes over {LONG_S:g} s), the "
        "kernels taking turns. Memory: peak above the inputs, in a fresh process. *computed*: one "
        f"copy of the scores exceeds {size(SCORES_LIMIT_BYTES)} (or memory is short), and "
        f"{LIVE_COPIES} copies are what backward holds at once; or a pass would take over "
        f"{limit_s:g} s (*skipped*), and flash memory grows with the tokens from the row above.",
    ]
    for device in devices:
        lines += ["", *table(device, repeats, limit_s)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the page and write it to build/bench/attention.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5, help="passes that the median is over")
    parser.add_argument("--time-limit", type=float, default=30.0, help="longest pass, seconds")
    parser.add_argument("--probe", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        kernel, num_tokens, device = options.probe
        sys.stdout.write(f"{peak_memory(kernel, int(num_tokens), device)}\n")
        return
    text = report(options.repeats, options.time_limit)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
