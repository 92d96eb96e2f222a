"""What is measured after training is set when weights are exported."""

import pytest

from depth_unet.config.loss import LossConfig
from depth_unet.config.model import CorrelationConfig, ModelConfig
from depth_unet.config.run import Config
from depth_unet.errors import ConfigError
from depth_unet.export.checkpoint import set_errors

CONFIG = Config(model=ModelConfig(spread=True), loss=LossConfig(spread=0.1))


def test_measurements_are_set() -> None:
    """Each one given replaces that of the run; None leaves it."""
    found = set_errors(CONFIG, 1.4, (0.1, 0.2, 0.3, 1.5)).model
    assert found.spread_scale == 1.4
    assert found.correlation == CorrelationConfig(far=0.1, length=0.2, log_ratio=0.3, widening=1.5)
    assert set_errors(CONFIG, None, None) == CONFIG
    only = set_errors(CONFIG, 2.0, None).model
    assert (only.spread_scale, only.correlation) == (2.0, CONFIG.model.correlation)


def test_values_out_of_range() -> None:
    """They are refused by name, as is a network without a spread."""
    with pytest.raises(ConfigError, match=r"model\.correlation\.far is 1\.0; choose a number in"):
        set_errors(CONFIG, None, (1.0, 0.2, 0.3, 1.0))
    with pytest.raises(ConfigError, match="leave out --correlation"):
        set_errors(Config(), None, (0.1, 0.2, 0.3, 1.0))
