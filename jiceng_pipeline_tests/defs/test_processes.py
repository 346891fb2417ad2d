"""A process is known by more than its number."""

import os
import subprocess
import sys

from jiceng_pipeline.defs import processes


def test_this_process_lives():
    assert processes.is_alive(processes.me())


def test_a_process_that_ended_is_gone():
    code = "from jiceng_pipeline.defs import processes; print(processes.me())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert str(os.getpid()) not in ended.stdout.split(":")
    assert not processes.is_alive(ended.stdout.strip())


def test_a_number_used_again_or_another_boot_is_not_mistaken():
    number, _, born = processes.me().partition(":")
    assert not processes.is_alive(f"{number}:{born}0")
    assert not processes.is_alive(f"{number}:another-boot")
    assert not processes.is_alive(number)
    assert not processes.is_alive("")
