"""The configuration file: read whole, checked whole, every fault reported at once."""

from __future__ import annotations

from webhook.config.durations import format_duration, parse_duration
from webhook.config.errors import ConfigurationError, Fault
from webhook.config.loader import load_configuration, parse_configuration
from webhook.config.model import Allow, BaselineConfig, Configuration, Scope, ServeConfig, Source
from webhook.config.presets import PRESETS, Preset
from webhook.config.schema import json_schema

__all__ = [
    "PRESETS",
    "Allow",
    "BaselineConfig",
    "Configuration",
    "ConfigurationError",
    "Fault",
    "Preset",
    "Scope",
    "ServeConfig",
    "Source",
    "format_duration",
    "json_schema",
    "load_configuration",
    "parse_configuration",
    "parse_duration",
]
