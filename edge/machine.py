"""What figures of speed and memory depend on: the machine that they were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from pydantic import BaseModel

CPU_INFO = Path("/proc/cpuinfo")  # of Linux


class Device(BaseModel):
    """A machine; `cores` are those the system sees, `memory_bytes` all that it has."""

    cpu: str
    cores: int
    memory_bytes: int
    system: str


def device() -> Device:
    """Return this machine; its CPU is the architecture's name where the system does not tell the model's."""
    lines = CPU_INFO.read_text("utf-8").splitlines() if CPU_INFO.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return Device(
        cpu=next(names, platform.machine()),
        cores=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=platform.system(),
    )
