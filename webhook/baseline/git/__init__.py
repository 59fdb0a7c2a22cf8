"""Git repositories: reached, fetched from and read by the git command. See ``repository``."""
