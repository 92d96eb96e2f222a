"""The network as ONNX operators, layer by layer, with the names of its weights.

``torch.export`` cannot follow it at every canvas: how much to pad depends on whether a level has an
even number of rows. Every export is compared with the network itself (see ``export.onnx``).
"""

import math
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from onnx import TensorProto
from torch import Tensor, nn

from depth_unet.config.model import ModelConfig
from depth_unet.export.nodes import Nodes, Value
from depth_unet.model.attention import AttentionBlock, AttentionStack
from depth_unet.model.blocks import Downsample, ResidualBlock, Upsample
from depth_unet.model.efficientnet import InvertedResidual, ScaledConv
from depth_unet.model.encoders import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    RGB_MEAN,
    RGB_STD,
    ResidualEncoder,
    Stage,
    TransferEncoder,
)
from depth_unet.model.rays import NUM_FREQUENCIES
from depth_unet.model.unet import UNet


@dataclass(slots=True)
class NetworkNodes:
    """Adds the layers of a network to a graph.

    Args:
        nodes: The graph to add to.
        network: The network.
        half: Whether weights are stored in half precision; all computing is in fp32.
    """

    nodes: Nodes
    network: UNet
    half: bool = field(kw_only=True)
    names: dict[Tensor, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = {tensor: name for name, tensor in self.network.named_parameters()}

    def forward(self, image: str, size: str, camera: list[Value]) -> tuple[str, str | None]:
        """See ``UNet.forward``.

        Args:
            image: RGB in [0, 1], b 3 h w.
            size: h and w, int64.
            camera: fx, fy, cx, cy relative to the image size (see ``rays.relative_camera``), each
                b 1 1.

        Returns:
            Canonical depth, b 1 h w, and the log of its spread or None.
        """
        network, config = self.network, self.network.config
        if not config.camera_rays:
            camera = self._canonical_camera(size)
        *skips, x = self._encode(image, camera)
        for up in network.ups:
            x = self._upsample(cast(Upsample, up), x, skips.pop())
        raw, *log_spread = self._heads(self._silu(x), size)
        return self._to_metres(raw, config), log_spread[0] if log_spread else None

    def _convolve(self, layer: nn.Conv2d, x: str) -> str:
        """A convolution with the weights of ``layer``."""
        weights = [layer.weight] if layer.bias is None else [layer.weight, layer.bias]
        return self.nodes(
            "Conv",
            x,
            *map(self._weight, weights),
            strides=list(layer.stride),
            pads=[*cast(tuple[int, int], layer.padding)] * 2,
        )

    def _weight(self, tensor: Tensor) -> str:
        """The name of a weight, in fp32."""
        name, array = self.names[tensor], tensor.detach().cpu().numpy()
        if not self.half:
            return self.nodes.tensor(name, array)
        return self.nodes(
            "Cast", self.nodes.tensor(name, array.astype(np.float16)), to=TensorProto.FLOAT
        )

    def _heads(self, x: str, size: str) -> list[str]:
        """The map of each head, at the canvas; two heads cost as much as one."""
        nodes, heads, factor = self.nodes, [self.network.head], self.network.head_factor
        if self.network.spread_head is not None:
            heads.append(self.network.spread_head)
        weights = nodes("Concat", *(self._weight(head.weight) for head in heads), axis=0)
        biases = nodes("Concat", *(self._weight(cast(Tensor, h.bias)) for h in heads), axis=0)
        y = nodes("Conv", x, weights, biases, pads=[1] * 4)
        if factor == 1:
            y = nodes.bilinear(y, size)
            return nodes.several("Split", len(heads), y, axis=1, num_outputs=len(heads))
        counts = np.array([head.out_channels for head in heads])
        raw, *spread = nodes.several("Split", len(heads), y, counts, axis=1)
        fine = nodes("DepthToSpace", raw, blocksize=factor, mode="CRD")  # canvases are even
        return [fine, *(nodes.bilinear(one, size) for one in spread)]

    def _encode(self, image: str, camera: list[Value]) -> list[str]:
        encoder = self.network.encoder
        match encoder:
            case TransferEncoder():
                x = self._normalise(image, IMAGENET_MEAN, IMAGENET_STD)
                x = self._scaled_convolution(encoder.trunk.stem, x)
                features = []
                for stage, lateral in zip(encoder.trunk.stages, encoder.laterals, strict=True):
                    for block in cast(nn.Sequential, stage):
                        x = self._inverted_residual(cast(InvertedResidual, block), x)
                    projected = self._convolve(cast(nn.Conv2d, lateral.project), x)
                    stack = cast(AttentionStack, lateral.attention)
                    features.append(self._attention_stack(stack, projected, camera))
                return features
            case ResidualEncoder():
                return self._encode_residual(encoder, image, camera)

    def _encode_residual(
        self, encoder: ResidualEncoder, image: str, camera: list[Value]
    ) -> list[str]:
        nodes = self.nodes
        x = self._normalise(image, RGB_MEAN, RGB_STD)
        if encoder.canonical_focal is not None:
            size = nodes("Shape", image, start=2)
            rays = [
                nodes("Unsqueeze", ray, np.array([1]))
                for ray in self._rays(camera, encoder.canonical_focal, size)
            ]
            plane = nodes("Concat", nodes("Shape", image, end=1), np.array([1]), size, axis=0)
            x = nodes("Concat", x, *(nodes("Expand", ray, plane) for ray in rays), axis=1)
        x = self._convolve(encoder.stem, x)
        features = []
        for level, stage in enumerate(encoder.stages):
            if level:
                x = self._convolve(cast(Downsample, encoder.downs[level - 1]).conv, x)
            for block in cast(Stage, stage).convolutions:
                x = self._residual(cast(ResidualBlock, block), x)
            x = self._attention_stack(cast(Stage, stage).attention, x, camera)
            features.append(x)
        return features

    def _normalise(self, image: str, mean: float, std: float) -> str:
        return self.nodes("Div", self.nodes("Sub", image, np.float32(mean)), np.float32(std))

    def _scaled_convolution(self, layer: ScaledConv, x: str) -> str:
        scale = self.nodes("Unsqueeze", self._weight(layer.scale), np.array([1, 2, 3]))
        y = self.nodes(
            "Conv",
            x,
            self.nodes("Mul", self._weight(layer.weight), scale),
            self._weight(layer.bias),
            strides=[layer.stride] * 2,
            group=layer.groups,
            auto_pad="SAME_UPPER",
        )
        if not layer.activation:
            return y
        return self.nodes("Clip", y, np.float32(0), np.float32(6))

    def _inverted_residual(self, block: InvertedResidual, x: str) -> str:
        y = self._scaled_convolution(block.expand, x) if isinstance(block.expand, ScaledConv) else x
        y = self._scaled_convolution(block.filter, y)
        y = self._scaled_convolution(block.project, y)
        return self.nodes("Add", x, y) if block.adds else y

    def _residual(self, block: ResidualBlock, x: str) -> str:
        y = self._convolve(block.conv1, self._silu(self._group_norm(block.norm1, x)))
        y = self._convolve(block.conv2, self._silu(self._group_norm(block.norm2, y)))
        shortcut = block.shortcut
        return self.nodes(
            "Add", y, self._convolve(shortcut, x) if isinstance(shortcut, nn.Conv2d) else x
        )

    def _upsample(self, block: Upsample, x: str, skip: str) -> str:
        size = self.nodes("Shape", skip, start=2)
        x = self.nodes.bilinear(self._convolve(block.reduce, x), size)
        return self._residual(block.fuse, self.nodes("Concat", x, skip, axis=1))

    def _group_norm(self, layer: nn.GroupNorm, x: str) -> str:
        nodes, groups = self.nodes, layer.num_groups
        grouped = nodes("Reshape", x, np.array([0, groups, -1]))
        y = nodes(
            "InstanceNormalization",
            grouped,
            np.ones(groups, np.float32),
            np.zeros(groups, np.float32),
            epsilon=layer.eps,
        )
        y = nodes("Reshape", y, nodes("Shape", x))
        weight, bias = (
            nodes("Unsqueeze", self._weight(values), np.array([1, 2]))
            for values in (layer.weight, layer.bias)
        )
        return nodes("Add", nodes("Mul", y, weight), bias)

    def _silu(self, x: str) -> str:
        return self.nodes("Mul", x, self.nodes("Sigmoid", x))

    def _attention_stack(self, stack: AttentionStack, x: str, camera: list[Value]) -> str:
        if not len(stack):
            return x
        size = self.nodes("Shape", x, start=2)
        places = self._fourier_features(self._rays(camera, stack.canonical_focal, size))
        for block in stack:
            x = self._attention_block(cast(AttentionBlock, block), x, places)
        return x

    def _attention_block(self, block: AttentionBlock, x: str, places: str) -> str:
        nodes = self.nodes
        x = nodes("Add", x, self._attend(block, self._group_norm(block.norm1, x), places))
        y = nodes(
            "Gelu",
            self._convolve(block.expand, self._group_norm(block.norm2, x)),
            approximate="tanh",
        )
        return nodes("Add", x, self._convolve(block.contract, y))

    def _attend(self, block: AttentionBlock, x: str, places: str) -> str:
        nodes, width = self.nodes, block.head_width
        heads = block.out.in_channels // width
        x = nodes("Add", x, self._convolve(block.position, places))
        heads_first = nodes(
            "Reshape", self._convolve(block.qkv, x), np.array([0, 3 * heads, width, -1])
        )
        q, k, v = nodes.several("Split", 3, heads_first, axis=1, num_outputs=3)
        q = nodes("Mul", nodes("Transpose", q, perm=[0, 1, 3, 2]), np.float32(width**-0.5))
        shares = nodes("Softmax", nodes("MatMul", q, k), axis=-1)
        y = nodes("MatMul", v, nodes("Transpose", shares, perm=[0, 1, 3, 2]))
        return self._convolve(block.out, nodes("Reshape", y, nodes("Shape", x)))

    def _canonical_camera(self, size: str) -> list[Value]:
        """See ``rays.canonical_camera`` and ``rays.relative_camera``."""
        nodes = self.nodes
        sides = nodes("Cast", size, to=TensorProto.FLOAT)
        focal = nodes(
            "Mul",
            nodes("ReduceMax", sides, keepdims=1),
            np.float32(self.network.config.canonical_focal),
        )
        fy, fx = nodes.several("Split", 2, nodes("Div", focal, sides), num_outputs=2)
        half = np.full((1, 1, 1), 0.5, np.float32)
        shape = np.array([1, 1, 1])
        return [nodes("Reshape", fx, shape), nodes("Reshape", fy, shape), half, half]

    def _rays(self, camera: list[Value], focal: float, size: str) -> tuple[str, str]:
        """See ``rays.ray_positions``: columns (b 1 w) and rows (b h 1)."""
        nodes = self.nodes
        fx, fy, cx, cy = camera
        height, width = nodes.several("Split", 2, size, num_outputs=2)

        def positions(side: str, focal_share: Value, centre: Value, axis: int) -> str:
            number = nodes("Squeeze", side)
            steps = nodes("Range", np.int64(0), number, np.int64(1))
            middles = nodes("Add", nodes("Cast", steps, to=TensorProto.FLOAT), np.float32(0.5))
            places = nodes("Div", middles, nodes("Cast", number, to=TensorProto.FLOAT))
            offset = nodes("Sub", nodes("Unsqueeze", places, np.array([0, axis])), centre)
            return nodes("Mul", nodes("Div", np.float32(2 * focal), focal_share), offset)

        return positions(width, fx, cx, 1), positions(height, fy, cy, 2)

    def _fourier_features(self, rays: tuple[str, str]) -> str:
        """See ``rays.fourier_features``; b k h w."""
        nodes = self.nodes
        frequencies = (2.0 ** np.arange(NUM_FREQUENCIES) * (math.pi / 2)).astype(np.float32)
        columns, rows = (
            nodes("Mul", nodes("Unsqueeze", ray, np.array([1])), frequencies[:, None, None])
            for ray in rays
        )
        features = []
        for function in ("Sin", "Cos"):
            across, down = nodes(function, columns), nodes(function, rows)
            # Adding zeros of the other axis gives both their full size.
            zero_down, zero_across = (nodes("Mul", x, np.float32(0)) for x in (down, across))
            features += [nodes("Add", across, zero_down), nodes("Add", down, zero_across)]
        return nodes("Concat", *features, axis=1)

    def _to_metres(self, raw: str, config: ModelConfig) -> str:
        """See ``depth_map.to_metres``."""
        nodes, near, far = self.nodes, config.min_depth_m, config.max_depth_m
        low, high = {
            "log": (math.log(near), math.log(far)),
            "linear": (near, far),
            "inverse": (1 / far, 1 / near),
        }[config.depth_map]
        share = nodes("Sigmoid", raw)
        y = nodes("Add", nodes("Mul", share, np.float32(high - low)), np.float32(low))
        match config.depth_map:
            case "log":
                return nodes("Exp", y)
            case "linear":
                return y
            case "inverse":
                return nodes("Reciprocal", y)
