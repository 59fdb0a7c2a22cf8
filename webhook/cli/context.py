"""What all commands share: where the configuration is, read when it is first needed."""

from __future__ import annotations

import errno
from functools import cached_property
from pathlib import Path

from webhook.config import Configuration, ConfigurationError, load_configuration
from webhook.config.errors import Fault

CONFIG_VARIABLE = "BASEWARD_CONFIG"
DEFAULT_CONFIG = Path("/etc/baseward/config.yaml")
_MISSING = (
    "cannot be read: No such file or directory; "
    f"name your configuration with --config FILE or the variable {CONFIG_VARIABLE}"
)


class Context:
    """The object that click hands to each command."""

    def __init__(self, config_file: Path | None) -> None:
        """Remember the file; None means the default one."""
        self._given = config_file

    @property
    def config_file(self) -> Path:
        """Return the configuration's path."""
        return self._given or DEFAULT_CONFIG

    @cached_property
    def _configuration(self) -> Configuration:
        if self._is_none_named_and_none_there():
            raise ConfigurationError(str(DEFAULT_CONFIG), [Fault("", _MISSING)])
        return load_configuration(self.config_file)

    def configuration(self) -> Configuration:
        """Return the configuration. Raises ConfigurationError with all its faults."""
        return self._configuration

    def configuration_if_there(self) -> Configuration | None:
        """Return the configuration, or None where none was named and the default file is missing."""
        return None if self._is_none_named_and_none_there() else self._configuration

    def _is_none_named_and_none_there(self) -> bool:
        if self._given is not None:
            return False
        try:
            DEFAULT_CONFIG.stat()
        except OSError as error:
            return error.errno == errno.ENOENT  # any other error is told by whoever reads the file
        return False
