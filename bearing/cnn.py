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

__all__ = ["CLASSES", "WideKernelCNN", "export_onnx", "segments", "whitening"]

CLASSES = ("ball", "inner", "normal", "outer")  # the order of the original service's outputs
WINDOW, KERNEL, CHANNELS, POOL = 2048, 100, 5, 50
CELLS = (WINDOW - KERNEL + 1) // POOL  # 38 pooled positions
FEATURES = CHANNELS * CELLS  # 190


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


def _shifted(kernels: Tensor) -> Tensor:
    """Kernels of shape (c, 100) as (c, 50, 149): row j is the kernel shifted by j."""
    width = KERNEL + POOL - 1
    padded = nn.functional.pad(kernels, (0, POOL))  # rows of width + 1, so that each row starts one further on
    return padded.repeat(1, POOL)[:, : POOL * width].reshape(-1, POOL, width)


def whitening(features: NDArray[np.floating]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean (190,) and whitening matrix (190, 190) of training features of shape (n, 190).

    The squared length of a whitened feature vector is its Mahalanobis distance from the training windows.
    """
    centred = np.asarray(features, dtype=np.float64)
    mean = centred.mean(axis=0)
    variance, axes = np.linalg.eigh(np.cov((centred - mean).T))
    return mean.astype(np.float32), (axes / np.sqrt(np.maximum(variance, 1e-9 * variance.max()))).astype(np.float32)


def export_onnx(network: WideKernelCNN, mean: NDArray[np.float32], whitener: NDArray[np.float32]) -> bytes:
    """The network as ONNX, from ``windows`` (n, 2048) float32.

    Outputs: ``probabilities`` (n, 4), ``features`` (n, 190), and ``distance`` (n,), the squared Mahalanobis distance
    of the features from those of the training windows: how far a window lies outside what the network has seen.

    Written by hand rather than traced: the strided form of the convolution halves the time of a prediction.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    with torch.no_grad():
        filters = _shifted(network.conv.weight[:, 0]).reshape(CHANNELS * POOL, 1, -1).numpy()
        bias = network.conv.bias.repeat_interleave(POOL).numpy()  # type: ignore[union-attr]
        weight, offset = network.linear.weight.T.contiguous().numpy(), network.linear.bias.numpy()
    constants: dict[str, NDArray[np.generic]] = {
        "channel_axis": np.array([1]),
        "filters": filters,
        "filter_bias": bias,
        "cells": np.array([0, CHANNELS, POOL, CELLS]),
        "within_cell": np.array([2]),
        "flat": np.array([0, FEATURES]),
        "weight": weight,
        "offset": offset,
        "mean": mean,
        "whitener": whitener,
        "over_features": np.array([1]),
    }
    nodes = [
        helper.make_node("Unsqueeze", ["windows", "channel_axis"], ["one_channel"]),
        helper.make_node("Conv", ["one_channel", "filters", "filter_bias"], ["strided"], strides=[POOL]),
        helper.make_node("Tanh", ["strided"], ["activations"]),
        helper.make_node("Reshape", ["activations", "cells"], ["by_cell"]),
        helper.make_node("ReduceMean", ["by_cell", "within_cell"], ["pooled"], keepdims=0),
        helper.make_node("Reshape", ["pooled", "flat"], ["features"]),
        helper.make_node("Gemm", ["features", "weight", "offset"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("MatMul", ["centred", "whitener"], ["white"]),
        helper.make_node("ReduceSumSquare", ["white", "over_features"], ["distance"], keepdims=0),
    ]
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "wide_kernel_cnn",
        [helper.make_tensor_value_info("windows", floats, ["n", WINDOW])],
        [
            helper.make_tensor_value_info("probabilities", floats, ["n", len(CLASSES)]),
            helper.make_tensor_value_info("features", floats, ["n", FEATURES]),
            helper.make_tensor_value_info("distance", floats, ["n"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    checker.check_model(model, full_check=True)
    return model.SerializeToString()
