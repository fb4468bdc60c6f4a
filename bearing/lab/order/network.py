"""The order network: a small CNN whose weights are shared by all families, bands and offsets. Training only (torch).

Per family and band the rows of a patch (harmonics, sidebands; level and depth) pass a 1 x 1 layer and a layer over
three neighbouring offsets, then the maximum over offsets and bands. What each family then knows meets what the other
two know, and one number comes out per family; `normal` has a single learned number. `order_predictor` runs the same in
NumPy.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from bearing.models.order_features import GLOBAL_FEATURES, PATCH_FEATURES, SCALAR_FEATURES, SQUARED_PATCHES

__all__ = ["OrderNetwork", "weights_of"]

FAMILY_COUNT = 3
POOLED = 5  # maximum, mean and mean band of the squared envelope; maximum and mean band of its logarithm
PATCH_SCALE = 0.3  # levels reach 8: keeps the first layer's inputs near one


class OrderNetwork(nn.Module):
    """Logits (normal, outer, inner, ball), shape (batch, 4), from patches, scalars and globals of `OrderFeatures`."""

    scalar_mean: Tensor
    scalar_std: Tensor
    global_mean: Tensor
    global_std: Tensor

    def __init__(self, channels: int = 24, hidden: int = 48, dropout: float = 0.2) -> None:
        super().__init__()
        self.rows = nn.Linear(PATCH_FEATURES, channels)
        self.offsets = nn.Linear(3 * channels, channels)
        self.family = nn.Linear(POOLED * channels + SCALAR_FEATURES + GLOBAL_FEATURES + FAMILY_COUNT, hidden)
        self.context = nn.Linear(3 * hidden + FAMILY_COUNT, 32)
        self.score = nn.Linear(32, 1)
        self.normal = nn.Parameter(torch.zeros(1))
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("scalar_mean", torch.zeros(SCALAR_FEATURES))
        self.register_buffer("scalar_std", torch.ones(SCALAR_FEATURES))
        self.register_buffer("global_mean", torch.zeros(GLOBAL_FEATURES))
        self.register_buffer("global_std", torch.ones(GLOBAL_FEATURES))

    def fit_scaler(self, scalars: Tensor, globals_: Tensor) -> None:
        """Remember mean and spread of the training set's scalars (n, 3, S) and globals (n, G)."""
        self.scalar_mean.copy_(scalars.mean((0, 1)))
        self.scalar_std.copy_(scalars.std((0, 1)) + 1e-3)
        self.global_mean.copy_(globals_.mean(0))
        self.global_std.copy_(globals_.std(0) + 1e-3)

    def forward(self, patches: Tensor, scalars: Tensor, globals_: Tensor) -> Tensor:
        batch = patches.shape[0]
        x = self.dropout(functional.relu(self.rows(patches * PATCH_SCALE)))
        padded = functional.pad(x, (0, 0, 1, 1))
        x = torch.cat([padded[..., :-2, :], padded[..., 1:-1, :], padded[..., 2:, :]], -1)
        x = functional.relu(self.offsets(x)).amax(-2)  # (batch, 3, bands, channels)
        squared, log = x[:, :, :SQUARED_PATCHES], x[:, :, SQUARED_PATCHES:]
        best, log_best = squared[:, :, :-1], log[:, :, :-1]
        bands = torch.cat([best.amax(2), best.mean(2), squared[:, :, -1], log_best.amax(2), log[:, :, -1]], -1)
        which = torch.eye(FAMILY_COUNT).expand(batch, FAMILY_COUNT, FAMILY_COUNT)
        common = ((globals_ - self.global_mean) / self.global_std)[:, None].expand(-1, FAMILY_COUNT, -1)
        own = torch.cat([bands, (scalars - self.scalar_mean) / self.scalar_std, common, which], -1)
        own = self.dropout(functional.relu(self.family(own)))
        left, right = own[:, [1, 2, 0]], own[:, [2, 0, 1]]
        context = torch.cat([own, torch.maximum(left, right), (left + right) / 2, which], -1)
        scores = self.score(functional.relu(self.context(context))).squeeze(-1)
        return torch.cat([self.normal.expand(batch, 1), scores], 1)


def weights_of(networks: list[OrderNetwork]) -> dict[str, np.ndarray]:
    """Weights of an ensemble, one array per parameter with the members stacked along the first axis."""
    states = [network.state_dict() for network in networks]
    return {name: np.stack([state[name].numpy() for state in states]) for name in states[0]}
