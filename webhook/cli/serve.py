"""`baseward serve`: answer admission reviews."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import click

from webhook.admission import metrics
from webhook.admission.asgi import BODY_LIMIT, Application
from webhook.admission.decisionlog import write_line
from webhook.admission.freshness import Freshness
from webhook.admission.judge import Judge
from webhook.admission.server import ServerSettings
from webhook.admission.server import serve as serve_forever
from webhook.admission.state import BaselineState
from webhook.cli.context import Context
from webhook.cluster.access import AccessReviewer
from webhook.config import Configuration

_ACCESS_REVIEWS_AT_ONCE = 8
_LOOKS_AT_ONCE = 4
_EXAMPLES = """\b
Examples:
  baseward serve                            as a service beside `baseward sync`
  baseward --config config.yaml serve
"""


@click.command(epilog=_EXAMPLES)
@click.pass_obj
def serve(context: Context) -> None:
    """Answer the API server's admission reviews over HTTPS.

    Reads the snapshot that `baseward sync` writes, and each newer one within a second; renewed
    certificates too. Until there is a first snapshot it answers 503, and the cluster's
    failurePolicy decides. Decisions are logged as one JSON line each on standard output.
    """
    configuration = context.configuration()
    folder, master = metrics.share_metrics(), os.getpid()
    settings = ServerSettings(
        address=configuration.serve.address,
        certificates=configuration.serve.certificates,
        workers=configuration.serve.workers,
        body_limit=BODY_LIMIT,
        on_worker_exit=metrics.forget_worker,
    )
    try:
        serve_forever(lambda: make_application(configuration), settings)
    finally:
        if os.getpid() == master:
            metrics.forget_metrics(folder)


def make_application(configuration: Configuration) -> Application:
    """Put together what one worker needs."""
    state = BaselineState(configuration.snapshot, configuration.policy.left_out)
    judge = Judge(
        policy=configuration.policy,
        state=state,
        access_reviews=AccessReviewer(),
        freshness=Freshness(
            state,
            configuration.baseline.sources,
            configuration.snapshot,
            ThreadPoolExecutor(_LOOKS_AT_ONCE, thread_name_prefix="look"),
        ),
        executor=ThreadPoolExecutor(_ACCESS_REVIEWS_AT_ONCE, thread_name_prefix="access-review"),
        metrics=metrics.Metrics(state),
        write_line=write_line,
    )
    return Application(judge)
