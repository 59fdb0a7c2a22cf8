"""Whether one commit descends from another.

That needs the history, and only its commits: they are in a repository beside that of the files, where
git would else take it that their folders and files are here, too.
"""

from __future__ import annotations

import shutil

from webhook.baseline.errors import AccessError, GitError, OverdueError
from webhook.baseline.git.command import Git, redact
from webhook.baseline.git.fetch import EVERYTHING, FINAL, sweep, tidy
from webhook.baseline.git.objects import TIMEOUT
from webhook.baseline.git.remote import WHOLE_HISTORY, Remote, Wanted

_NEW = "refs/baseward/new"


class History:
    """The commits of a repository, in ``git``'s own local one."""

    def __init__(self, git: Git, remote: Remote) -> None:
        self._git = git
        self._remote = remote

    def is_ancestor(self, old: str, new: str, deadline: float) -> bool:
        """Tell whether ``new`` descends from ``old``, or is the same.

        Raises GitError where that cannot be found out.
        """
        if old == new:
            return True
        self._git.prepare()
        sweep(self._git)
        try:
            if not self._has(new):
                self._fetch(new, deadline)
                tidy(self._git, TIMEOUT)
            return self._descends(old, new)
        except (AccessError, OverdueError):
            raise
        except GitError:
            self._discard()  # damaged, or grown too large: the next time it is made anew
            raise

    def _has(self, commit: str) -> bool:
        answer = self._git.ask("rev-parse", "--verify", "--quiet", _NEW, timeout=TIMEOUT)
        return answer.output.decode().strip() == commit

    def _fetch(self, commit: str, deadline: float) -> None:
        try:
            self._remote.fetch(self._git, Wanted([commit], WHOLE_HISTORY, "tree:0"), deadline)
        except FINAL:
            raise
        except GitError:  # some servers give no commit by its name, or no part of a history
            self._remote.fetch(self._git, Wanted(EVERYTHING), deadline)
        self._git.run("update-ref", "--no-deref", _NEW, commit, timeout=TIMEOUT)

    def _descends(self, old: str, new: str) -> bool:
        code = self._git.ask("merge-base", "--is-ancestor", old, new, timeout=TIMEOUT).code
        if code == 0:
            return True
        if code != 1 and self._git.ask("cat-file", "-e", old, timeout=TIMEOUT).code == 0:
            raise self._unknown(
                old, new, "our copy of its history is damaged, and is made anew the next time"
            )
        if (self._git.repository / "shallow").exists():
            raise self._unknown(old, new, "the repository is a shallow clone; name a complete one")
        return False

    def _unknown(self, old: str, new: str, why: str) -> GitError:
        url = redact(self._git.url)
        return GitError(f"cannot tell whether {new[:7]} descends from {old[:7]} in {url}: {why}")

    def _discard(self) -> None:
        shutil.rmtree(self._git.repository, ignore_errors=True)
