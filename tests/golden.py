"""The stored answers to the shipped samples: `python tests/golden.py` writes them anew after a training."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PATH = ROOT / "tests" / "golden.json"
SAMPLES = ROOT / "data" / "samples"


def answers() -> dict[str, dict[str, Any]]:
    """What is compared, per sample: the weights' hash, the verdict, its confidence, every opinion's probabilities."""
    from bearing.verdict.asked.intake import open_path
    from bearing.verdict.asked.request import Request
    from bearing.verdict.judging import diagnose

    stored = {}
    for path in sorted(SAMPLES.glob("*.csv")):
        answer = diagnose(*Request().apply(open_path(path))).as_dict()
        stored[path.name] = {
            "model_sha256": answer["model"]["sha256"],
            "verdict": answer["verdict"],
            "confidence": round(answer["confidence"], 6),
            "probabilities": {
                name: {state: round(p, 6) for state, p in opinion["probabilities"].items()}
                for name, opinion in answer["opinions"].items()
            },
        }
    return stored


if __name__ == "__main__":
    PATH.write_text(json.dumps(answers(), indent=1) + "\n", encoding="utf-8")
