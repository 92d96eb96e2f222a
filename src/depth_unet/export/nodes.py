"""A small writer of ONNX graphs: operators in, names of their results out."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Value = str | np.ndarray | np.generic
"""The name of a result, or a constant."""
FIRST, ROWS, COLUMNS = np.array([0]), np.array([1]), np.array([2])  # axes of b h w


@dataclass(slots=True)
class Nodes:
    """Nodes of a graph or of a branch of it, in order.

    A branch may use the results of the graph around it, and their constants are the same.

    Attributes:
        nodes: The operators so far.
        constants: Tensors of the whole model, by name.
        names: Fresh names for results, of the whole model.
    """

    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)
    names: Iterator[str] = field(default_factory=lambda: (f"v{i}" for i in itertools.count()))

    def __call__(self, operator: str, *inputs: Value, **attributes: Any) -> str:
        """Add an operator with one result, and return the result's name."""
        return self.several(operator, 1, *inputs, **attributes)[0]

    def several(
        self,
        operator: str,
        num_results: int,
        *inputs: Value,
        **attributes: Any,
    ) -> list[str]:
        """Add an operator, and return the names of its results."""
        results = [next(self.names) for _ in range(num_results)]
        names = [x if isinstance(x, str) else self.constant(x) for x in inputs]
        self.nodes.append(helper.make_node(operator, names, results, **attributes))
        return results

    def constant(self, value: np.ndarray | np.generic) -> str:
        """The name of a constant; equal ones are stored once."""
        array = np.asarray(value)
        dtype = np.dtype(array.dtype).name
        name = f"{dtype}_{array.shape}_{array.tobytes().hex()}"
        if len(name) > 100:
            name = f"constant_{len(self.constants)}"
        return self.tensor(name, array)

    def tensor(self, name: str, array: np.ndarray) -> str:
        """Store a constant under a name of its own."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.array(array, order="C"), name)
        return name

    def bilinear(self, x: str, size: str) -> str:
        """``F.interpolate(x, size, mode="bilinear")``; ``size`` holds rows and columns, int64.

        All four sizes are given: ONNX Runtime 1.32 fails on two where it reorders the axes, as it
        does for convolutions in 8 bits.
        """
        return self(
            "Resize",
            x,
            "",
            "",
            self("Concat", self("Shape", x, end=2), size, axis=0),
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def rename(self, result: str, name: str) -> None:
        """Make a result an output of the model, under another name."""
        self.nodes.append(helper.make_node("Identity", [result], [name]))

    def choose(
        self,
        condition: Value,
        then: Callable[["Nodes"], str],
        otherwise: Callable[["Nodes"], str],
        *,
        rank: int,
    ) -> str:
        """The float32 result of one of two branches; only that one is computed."""
        return self(
            "If",
            condition,
            then_branch=self._branch("then", then, rank),
            else_branch=self._branch("otherwise", otherwise, rank),
        )

    def stack(self, count: Value, body: Callable[["Nodes", str], str], *, rank: int) -> str:
        """The float32 results of ``body(nodes, number)`` for 0 to count - 1, on a new first axis.

        Args:
            count: int64.
            body: Adds the nodes of one step, and returns the name of their result.
            rank: Number of axes of what is returned.
        """
        inside = Nodes(constants=self.constants, names=self.names)
        number, going, going_on = (next(self.names) for _ in range(3))
        result = body(inside, number)
        inside.nodes.append(helper.make_node("Identity", [going], [going_on]))
        graph = helper.make_graph(
            inside.nodes,
            "body",
            [
                helper.make_tensor_value_info(number, TensorProto.INT64, []),
                helper.make_tensor_value_info(going, TensorProto.BOOL, []),
            ],
            [
                helper.make_tensor_value_info(going_on, TensorProto.BOOL, []),
                _floats(result, rank - 1),
            ],
        )
        return self("Loop", count, np.bool_(1), body=graph)

    def graph(
        self, name: str, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]
    ) -> GraphProto:
        """The finished graph."""
        return helper.make_graph(
            self.nodes, name, inputs, outputs, initializer=list(self.constants.values())
        )

    def _branch(self, name: str, build: Callable[["Nodes"], str], rank: int) -> GraphProto:
        inside = Nodes(constants=self.constants, names=self.names)
        result = build(inside)
        return helper.make_graph(inside.nodes, name, [], [_floats(result, rank)])


def _floats(name: str, rank: int) -> ValueInfoProto:
    """A float32 result of unknown size."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)
