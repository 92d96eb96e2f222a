"""What error messages say about libraries that are not installed."""

import pytest

from depth_unet.errors import install_command


@pytest.mark.parametrize(
    ("libraries", "command"),
    [
        (("av",), 'pip install "av>=18"'),
        (("numba", "embreex"), 'pip install "numba>=0.63" "embreex>=4.4"'),
        (("no-such-library",), 'pip install "no-such-library"'),
    ],
)
def test_install_command(libraries: tuple[str, ...], command: str) -> None:
    """The command names libraries with the versions that the package declares."""
    assert install_command(*libraries) == command
