"""The configuration file: read whole, checked whole, every fault reported at once."""

from __future__ import annotations

from webhook.config.baseline import (
    Allow,
    BaselineConfig,
    ReceiverConfig,
    Rewritten,
    Source,
    Verify,
    VerifyMode,
)
from webhook.config.durations import format_duration, parse_duration
from webhook.config.errors import ConfigurationError, Fault
from webhook.config.loader import load_configuration, parse_configuration
from webhook.config.model import Configuration, Scope, ServeConfig
from webhook.config.presets import PRESETS, Preset
from webhook.config.renderers import HelmConfig, KustomizeConfig, LoadRestrictor
from webhook.config.schema import json_schema

__all__ = [
    "PRESETS",
    "Allow",
    "BaselineConfig",
    "Configuration",
    "ConfigurationError",
    "Fault",
    "HelmConfig",
    "KustomizeConfig",
    "LoadRestrictor",
    "Preset",
    "ReceiverConfig",
    "Rewritten",
    "Scope",
    "ServeConfig",
    "Source",
    "Verify",
    "VerifyMode",
    "format_duration",
    "json_schema",
    "load_configuration",
    "parse_configuration",
    "parse_duration",
]
