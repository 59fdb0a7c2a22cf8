"""Whose signature a revision has, by gpg and ssh-keygen. See ``signature``."""
