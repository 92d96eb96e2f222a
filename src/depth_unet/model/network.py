"""Which network a run has."""

from depth_unet.config.run import Config
from depth_unet.model.painter import PainterUNet
from depth_unet.model.unet import DepthUNet, UNet


def make_network(config: Config) -> UNet:
    """The network of a run, with random weights: it paints where photos are hidden, else depth."""
    return PainterUNet(config.model) if config.hidden.share else DepthUNet(config.model)
