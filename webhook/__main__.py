"""Makes `python -m webhook` the same command as `baseward`."""

from __future__ import annotations

from webhook.cli import main

main()
