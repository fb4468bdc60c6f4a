"""A plain FastAPI + torch service, the way such a service is usually first written: what ours is measured against.

Pydantic parses the body into lists of floats, the records are scaled and judged one after the other, FastAPI encodes
the answer. On the machine where the original service was measured, this code takes about the original's time.

    uvicorn benchmarks.stand_in_service:app
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from fastapi import FastAPI
from pydantic import BaseModel
from torch import nn

CLASSES = ("Ball", "InnerRace", "Normal", "OuterRace")
WEIGHTS = Path(__file__).resolve().parent.parent / "weights" / "cnn.pt"


class WideKernel(nn.Module):
    """The network as a textbook writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 5, 100)
        self.pool = nn.AvgPool1d(50)
        self.linear = nn.Linear(190, 4)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return self.linear(self.pool(torch.tanh(self.conv(windows))).flatten(1))


class Record(BaseModel):
    record: list[float]


app = FastAPI()
network = WideKernel()
network.load_state_dict(torch.load(WEIGHTS, weights_only=True))
network.eval()


@app.post("/batch_predict/")
async def batch_predict(records: list[Record]) -> dict[str, Any]:
    """Class and probabilities of each record."""
    began = time.perf_counter()
    analysis = []
    with torch.no_grad():
        for record in records:
            window = torch.tensor(record.record, dtype=torch.float32)
            window = (window - window.mean()) / window.std(correction=0)
            probabilities = torch.softmax(network(window[None, None]), dim=1)[0]
            analysis.append(
                {
                    "Prediction": CLASSES[int(probabilities.argmax())],
                    "Probabilities": {name: float(p) for name, p in zip(CLASSES, probabilities, strict=True)},
                }
            )
    return {"Analysis": analysis, "Execution Time": 1000 * (time.perf_counter() - began)}


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
