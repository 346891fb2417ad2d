"""Programs of the operating system that some tests need."""

import os
import shutil

import pytest


def needed(program, package):
    """Return where the program is; without its Debian package the test is skipped, under CI it fails."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        reason = f"needs the Debian package {package}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def mariadb():
    """Need a MariaDB server and what sets it up."""
    needed("mariadbd", "mariadb-server-core")
    needed("my_print_defaults", "mariadb-client-core")
