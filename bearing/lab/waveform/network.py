"""The wide-kernel 1-D CNN, in PyTorch for training and as an ONNX graph for serving.

Conv1d(1, 5, kernel 100) -> tanh -> AvgPool1d(50) -> Linear(190, 4) on 2048 z-scored samples at 12 kHz:
1,269 parameters. Wide first kernels: Zhang et al., "A new deep learning model for fault diagnosis with good
anti-noise and domain adaptation ability", Sensors 17 (2017) 425.

Only training and export import this module; serving runs the ONNX graph (`predictor.py`).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bearing.states import LABELS

__all__ = ["CLASSES", "WideKernelCNN", "export_onnx", "segments"]

CLASSES = tuple(sorted(LABELS))  # ball, inner, normal, outer: the order of the original service's outputs
WINDOW, KERNEL, CHANNELS, POOL = 2048, 100, 5, 50
CELLS = (WINDOW - KERNEL + 1) // POOL  # 38 pooled positions
FEATURES = CHANNELS * CELLS  # 190
BLOCK, BLOCKS = 25, 5  # the export computes half a cell at a time: 25 outputs from 5 blocks of 25 samples
HALVES = CELLS * POOL // BLOCK  # 76


class WideKernelCNN(nn.Module):
    """Windows of shape (n, 2048) -> logits of shape (n, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, CHANNELS, KERNEL)
        self.linear = nn.Linear(FEATURES, len(CLASSES))

    def forward(self, windows: Tensor) -> Tensor:
        return self.linear(self.features(windows))

    def features(self, windows: Tensor) -> Tensor:
        """The pooled activations, shape (n, 190), as the textbook writes them."""
        return nn.functional.avg_pool1d(torch.tanh(self.conv(windows[:, None])), POOL).flatten(1)

    def fast_logits(self, segments: Tensor) -> Tensor:
        """The same logits from `segments(windows)`."""
        return self.linear(self.fast_features(segments))

    def fast_features(self, segments: Tensor) -> Tensor:
        """The same features from `segments(windows)`: one matrix product instead of a narrow convolution.

        A pooled cell needs 50 neighbouring outputs of the convolution, and those are 5 x 50 filters, shifted
        copies of the kernels, over one segment of 149 samples. 17 times as fast on 2 cores (`benchmarks/training.py`).
        """
        filters = _shifted(self.conv.weight[:, 0]).reshape(CHANNELS * POOL, -1)
        bias = self.conv.bias.repeat_interleave(POOL)  # type: ignore[union-attr]
        wide = torch.tanh(torch.addmm(bias, segments.reshape(-1, segments.shape[-1]), filters.T))
        cells = wide.view(-1, CELLS, CHANNELS, POOL).mean(-1)
        return cells.transpose(1, 2).reshape(-1, FEATURES)


def segments(windows: Tensor) -> Tensor:
    """Windows of shape (n, 2048) as overlapping segments of shape (n, 38, 149), one per pooled cell."""
    return windows.unfold(1, KERNEL + POOL - 1, POOL)[:, :CELLS].contiguous()


def _shifted(kernels: Tensor, count: int = POOL) -> Tensor:
    """Kernels of shape (c, 100) as (c, count, 99 + count): row j is the kernel shifted by j."""
    width = KERNEL + count - 1
    padded = nn.functional.pad(kernels, (0, count))  # rows of width + 1, so that each row starts one further on
    return padded.repeat(1, count)[:, : count * width].reshape(-1, count, width)


def export_onnx(network: WideKernelCNN) -> bytes:
    """The network as ONNX: ``windows`` (n, 2048) float32 -> ``probabilities`` (n, 4), ``features`` (n, 190).

    Written by hand rather than traced: the convolution is one matrix product of half pooled cells. 25 neighbouring
    outputs need a segment of 124 samples, made of five blocks of 25 laid side by side; that takes a third of the time
    of a narrow convolution (`benchmarks/network_time.py`).
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    with torch.no_grad():
        shifted = _shifted(network.conv.weight[:, 0], BLOCK).reshape(CHANNELS * BLOCK, -1)
        filters = nn.functional.pad(shifted, (0, BLOCKS * BLOCK - shifted.shape[1])).T.contiguous().numpy()
        bias = network.conv.bias.repeat_interleave(BLOCK).numpy()  # type: ignore[union-attr]
        weight, offset = network.linear.weight.T.contiguous().numpy(), network.linear.bias.numpy()
    constants: dict[str, NDArray[np.generic]] = {
        "blocks": np.array([0, HALVES + BLOCKS - 1, BLOCK]),
        "zero": np.array([0]),
        "used": np.array([(HALVES + BLOCKS - 1) * BLOCK]),
        "axis": np.array([1]),
        "filters": filters,
        "filter_bias": bias,
        "cells": np.array([0, CELLS, POOL // BLOCK, CHANNELS, BLOCK]),
        "within_cell": np.array([2, 4]),
        "flat": np.array([0, FEATURES]),
        "weight": weight,
        "offset": offset,
        **{f"from_{shift}": np.array([shift]) for shift in range(BLOCKS)},
        **{f"to_{shift}": np.array([shift + HALVES]) for shift in range(BLOCKS)},
    }
    nodes = [
        helper.make_node("Slice", ["windows", "zero", "used", "axis"], ["whole_blocks"]),
        helper.make_node("Reshape", ["whole_blocks", "blocks"], ["by_block"]),
        *[
            helper.make_node("Slice", ["by_block", f"from_{shift}", f"to_{shift}", "axis"], [f"block_{shift}"])
            for shift in range(BLOCKS)
        ],
        helper.make_node("Concat", [f"block_{shift}" for shift in range(BLOCKS)], ["segments"], axis=2),
        helper.make_node("MatMul", ["segments", "filters"], ["product"]),
        helper.make_node("Add", ["product", "filter_bias"], ["convolved"]),
        helper.make_node("Tanh", ["convolved"], ["activations"]),
        helper.make_node("Reshape", ["activations", "cells"], ["by_cell"]),
        helper.make_node("ReduceMean", ["by_cell", "within_cell"], ["pooled"], keepdims=0),
        helper.make_node("Transpose", ["pooled"], ["by_channel"], perm=[0, 2, 1]),
        helper.make_node("Reshape", ["by_channel", "flat"], ["features"]),
        helper.make_node("Gemm", ["features", "weight", "offset"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "wide_kernel_cnn",
        [helper.make_tensor_value_info("windows", floats, ["n", WINDOW])],
        [
            helper.make_tensor_value_info("probabilities", floats, ["n", len(CLASSES)]),
            helper.make_tensor_value_info("features", floats, ["n", FEATURES]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model, full_check=True)
    return model.SerializeToString()
