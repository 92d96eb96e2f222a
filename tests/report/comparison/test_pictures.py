"""The choice of photos that are shown side by side, and of the curves that are drawn."""

from depth_unet.report.comparison.pictures import choose_photos


def test_photos_are_spread_and_hold_the_widest() -> None:
    """First and last by name, evenly between them, and the one on which the runs differ most."""
    errors = {f"{number:02d}": [0.1, 0.1 + 0.001 * number] for number in range(31)}
    errors["07"] = [0.1, 0.9]
    names, widest = choose_photos(errors)
    assert names == ("00", "06", "07", "12", "18", "24", "30")
    assert widest == "07"
    errors["07"], errors["12"] = [0.1, 0.1], [0.8, 0.1]
    assert choose_photos(errors) == (("00", "06", "12", "18", "24", "30"), "12")


def test_equal_runs_differ_on_no_photo() -> None:
    """Without any difference none is called the widest; a single photo is shown once."""
    assert choose_photos({"b": [0.2, 0.2], "a": [0.1, 0.1]}) == (("a", "b"), None)
    assert choose_photos({"a": [0.1, 0.2]}) == (("a",), "a")
