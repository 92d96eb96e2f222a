"""Named training runs: functions that return a whole config; ``RECIPES`` lists them."""

from collections.abc import Callable
from dataclasses import replace

from depth_unet.config.augment import AugmentConfig
from depth_unet.config.loss import LossConfig
from depth_unet.config.model import CanvasConfig, ModelConfig
from depth_unet.config.optim import OptimConfig
from depth_unet.config.run import Config
from depth_unet.config.values import differences, format_option

# Chosen on unseen rooms, one run each (docs/log.md): RMSE .884, against .911 with zoom 1.6 and
# colour changes of 0.3; RMSE .864 and delta1 .512 with half of the images zoomed, against .926 and
# .460 in a longer run with all of them zoomed.
STRONG = AugmentConfig(
    brightness=0.4,
    contrast=0.4,
    saturation=0.5,
    channel_swap=0.2,
    frame=0.5,
    rotation_deg=5,
    zoom=2.0,
    zoom_share=0.5,
)
SMALLER = CanvasConfig(height=192, width=256)


def seed() -> Config:
    """The student's experiment that this project began as: 128x96, three losses, 5 % of the rooms.

    Random weights; MAE, gradient edge and SSIM weighted 0.6, 0.2, 1.0; batches of 16, which take
    0.7 GB (less with ``--memory``).

    Command:
        ``depth-unet train seed --data CACHE`` (cache from ``depth-unet prepare --size 320x240``)

    On all 795 labelled NYU pairs (``--fraction 1 --holdout none``, bf16) it took 29 minutes on one
    to two cores and scored AbsRel .280, delta1 .513 on 323 test frames (docs/log.md).
    """
    return Config(
        recipe="seed",
        fraction=0.05,
        epochs=58,
        batch_size=16,
        precision="auto",
        canvas=CanvasConfig(height=96, width=128),
        model=ModelConfig(camera_rays=False),  # delta1 .512 against .471 with them (docs/log.md)
        augment=STRONG,
    )


def paper() -> Config:
    """The published recipe of arXiv 2404.07686, with our network from random weights.

    640x480 in, losses on 320x240, Adam 1e-4, batch 8, 50 epochs, horizontal flip, brightness and
    contrast by up to 15 %; MAE, gradient edge and SSIM weighted 0.6, 0.2, 1.0.

    Command:
        ``depth-unet train paper --data CACHE`` (cache from ``depth-unet prepare --size 640x480``)

    Meant for a GPU; not trained to the end here, so no result is claimed.
    """
    return Config(
        recipe="paper",
        epochs=50,
        batch_size=8,
        micro_batch_size=2,
        precision="auto",
        canvas=CanvasConfig(height=480, width=640),
        model=ModelConfig(stem_stride=2, camera_rays=False),
        loss=LossConfig(stride=2),
        augment=AugmentConfig(brightness=0.15, contrast=0.15),
        optim=OptimConfig(
            lr=1e-4,
            weight_decay=0.0,
            betas=(0.9, 0.999),
            schedule="constant",
            warmup=0.0,
            clip=0.0,
            ema=0.0,
        ),
    )


def scratch() -> Config:
    """The student's network from random weights, on rooms, then NYU and photos too: 192x144.

    The network of ``seed`` with a spread, 10.4 million parameters; no pretrained weights.

    Command:
        ``make scratch`` trains six times, each run with ``--init`` the one before, all but the last
        at 128x96 (``--canvas.height 96 --canvas.width 128``): 3,600 steps on rooms
        (``depth-unet train scratch --data ROOMS --holdout 0.02 --augment.zoom 1.25 --steps 3600``);
        two runs of 2,400 on both (``--data CACHE:0.6 ROOMS:0.4``); three with photos that networks
        labelled, and with classes as a second task (``--data CACHE:0.35 LABELLED:0.4 ROOMS:0.25
        --model.num-classes 39 --loss.semantics 0.8``; docs/models/scratch.md)

    6.5 hours of a two-core machine gave AbsRel .208, delta1 .671, RMSE .686 on 323 test frames.
    """
    return Config(
        recipe="scratch",
        epochs=60,
        batch_size=16,
        precision="auto",
        canvas=CanvasConfig(height=144, width=192),
        model=ModelConfig(camera_rays=False, spread=True),
        loss=LossConfig(silog=0.3, spread=0.02),
        augment=STRONG,
    )


def transfer() -> Config:
    """An ImageNet encoder in our U-Net at 320x240.

    EfficientNet-Lite2 (extra ``transfer``), attention at 1/16 and 1/32; 8.6 million parameters.
    Depth for every pixel of the canvas (``--model.subpixel``) and ``gradient_matching`` make edges
    sharp.

    Command:
        ``make transfer``: from the weights ``rendered``, on NYU, photos that networks labelled, and
        rendered rooms, with classes as a second task: ``depth-unet train transfer --init rendered
        --data CACHE:0.4 LABELLED:0.35 ROOMS:0.25 --model.num-classes 39 --loss.semantics 0.8``,
        then three more runs with ``--init`` the one before, at lower rates, the last two with less
        zoom and other proportions; all but the last at 256x192 (docs/models/transfer.md)

    5.4 hours of a two-core machine in fp32 gave AbsRel .147, delta1 .810, RMSE .498 on 323 test
    frames. From ImageNet on NYU alone, this recipe was not measured.
    """
    return Config(
        recipe="transfer",
        epochs=36,
        batch_size=8,
        precision="auto",
        canvas=CanvasConfig(height=240, width=320),
        model=ModelConfig(
            encoder="efficientnet_lite2",
            widths=(16, 40, 80, 160, 320),
            attention_blocks=(0, 0, 0, 2, 2),
            camera_rays=False,
            spread=True,
            subpixel=True,
        ),
        loss=LossConfig(mae=1.0, gradient_edge=0.0, gradient_matching=5.0, spread=0.02),
        augment=replace(STRONG, zoom=1.5, blur=0.15),
        optim=OptimConfig(lr=5e-4, weight_decay=0.05, layer_decay=0.8),
    )


def rendered() -> Config:
    """The network of ``transfer`` on rendered rooms alone, no photo with depth: 256x192.

    Command:
        ``make rendered``: ``depth-unet train rendered --data ROOMS`` for 1,800 steps, then twice
        with ``--init BEFORE``: 3,800 with ``--optim.lr 7e-4`` and 3,000 with ``6e-4``

    Three hours of one core in bf16 gave AbsRel .199, delta1 .708, RMSE .637 on 323 test frames of
    NYU, which it never saw (docs/models/rendered.md).
    """
    config = transfer()
    return replace(
        config, recipe="rendered", canvas=SMALLER, augment=replace(config.augment, blur=0.3)
    )


def transfer_medium() -> Config:
    """``transfer`` at 256x192 with 5.0 million parameters: EfficientNet-Lite0, a narrower U-Net.

    Command:
        ``depth-unet train transfer-medium --data CACHE``

    Not trained to the end yet, so no result is claimed.
    """
    config = transfer()
    return replace(
        config,
        recipe="transfer-medium",
        canvas=SMALLER,
        model=replace(config.model, encoder="efficientnet_lite0", widths=(16, 32, 64, 128, 192)),
    )


def transfer_small() -> Config:
    """``transfer`` at 256x192 with 2.1 million parameters: EfficientNet-Lite2 up to 1/16.

    Command:
        ``depth-unet train transfer-small --data CACHE``

    This was not trained to the end. At 128x96, from weights of ``transfer`` and on its data
    (command in docs/log.md), it reached AbsRel .169, delta1 .756, RMSE .567 on 323 test frames;
    these weights do not ship.
    """
    config = transfer()
    return replace(
        config,
        recipe="transfer-small",
        canvas=SMALLER,
        model=replace(
            config.model,
            widths=(16, 40, 80, 160),
            blocks=config.model.blocks[:4],
            attention_blocks=(0, 0, 0, 2),
        ),
    )


RECIPES: dict[str, Callable[[], Config]] = {
    "seed": seed,
    "paper": paper,
    "scratch": scratch,
    "transfer": transfer,
    "rendered": rendered,
    "transfer-medium": transfer_medium,
    "transfer-small": transfer_small,
}


def train_words(config: Config) -> list[str]:
    """The recipe and the options of ``depth-unet train`` that give a config, as words for a shell.

    Example:
        >>> train_words(replace(transfer(), steps=9))
        ['transfer', '--steps', '9']
    """
    name = config.recipe if config.recipe in RECIPES else "seed"
    changes = differences(RECIPES[name](), config).items()
    return [name, *(word for field, (_, new) in changes for word in format_option(field, new))]
