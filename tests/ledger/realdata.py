"""Where the real data lies that some tests compare with: named by CREDITRISK_DATA, or beside the checkout."""

import os
from pathlib import Path

import pytest

_NAMED = os.environ.get("CREDITRISK_DATA")
FOLDER = Path(_NAMED) if _NAMED else Path(__file__).resolve().parents[2].parent / "shared" / "data"


def path(*parts: str) -> Path:
    """This will return a path in the folder of real data, or skip the test where it is absent."""
    found = FOLDER.joinpath(*parts)
    if not found.exists():
        pytest.skip(f"The real data is not here: no {found}. Set CREDITRISK_DATA to the folder that has it.")
    return found
