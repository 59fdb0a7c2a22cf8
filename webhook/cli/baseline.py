"""The baseline for commands that look at it once."""

from __future__ import annotations

from contextlib import closing

import click

from webhook.baseline.errors import SnapshotError
from webhook.baseline.snapshot import Snapshot, open_current
from webhook.cli.context import Context
from webhook.cli.sync import synchronizer_of


def open_baseline(context: Context) -> Snapshot:
    """Open the snapshot that `sync` wrote; where there is none, sync once.

    Raises BaselineError where that fails, or where the snapshot was made with other settings.
    """
    configuration = context.configuration()
    directory = configuration.snapshot
    snapshot = open_current(directory)
    if snapshot is None:
        click.echo(f"no snapshot in {directory} yet: syncing once", err=True)
        with closing(synchronizer_of(configuration)) as synchronizer:
            for error in synchronizer.sync_once().errors:
                click.echo(f"Error: {error}", err=True)
        snapshot = open_current(directory)
    if snapshot is None:
        raise SnapshotError(f"there is no snapshot in {directory} yet, and none could be made")
    snapshot.check_settings(configuration.policy.left_out)
    return snapshot
