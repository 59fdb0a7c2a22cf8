"""Show what Baseward does, in five scenes: `make demo`.

Real AdmissionReviews go over HTTPS to a real `baseward run`, and what a kubectl user would read is
printed. With DEMO_CLUSTER=1 a real kubectl talks to a real kube-apiserver instead.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from examples.demo.narrator import Narrator
from examples.demo.scenes import SCENES
from examples.demo.stage import Stage, StageError


def main() -> int:
    """Play the scenes. Returns 0 when each ended as its text says it does."""
    narrator = Narrator(colour=sys.stdout.isatty())
    with tempfile.TemporaryDirectory(prefix="baseward-demo-") as folder:
        try:
            with Stage(Path(folder), narrator, on_cluster=os.environ.get("DEMO_CLUSTER") == "1") as stage:
                surprises = [scene.title for scene in SCENES if not stage.play(scene)]
        except StageError as error:
            narrator.say(f"The demo could not be set up: {error}")
            return 2
    if surprises:
        narrator.say(f"Not as told: {', '.join(surprises)}.")
        return 1
    narrator.say("That was all. README.md says how to use it on a cluster of your own.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
