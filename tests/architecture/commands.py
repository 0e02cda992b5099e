"""The commands that the documentation tells a reader to type, and how to try them."""

import re
import shlex
import subprocess
from dataclasses import dataclass

from tests.architecture.house import PROJECT

PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    *sorted(PROJECT.glob("docs/*.md")),
]
BLOCK = re.compile(r"^```(?:bash|sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LEFT_TO_THE_READER = {"cd", "git", "open", "xdg-open"}
LOOKS = (["kedro", "health"], ["kedro", "data"])
SERVERS = (["kedro", "viz"], ["kedro", "jupyter"])


@dataclass(frozen=True)
class Command:
    """One command line, split into words."""

    words: tuple[str, ...]

    def __str__(self):
        return shlex.join(self.words)

    @property
    def is_make(self):
        return self.words[0] == "make"

    @property
    def is_run(self):
        return self.words[:2] == ("kedro", "run")

    @property
    def is_look(self):
        return list(self.words[:2]) in LOOKS

    @property
    def is_server(self):
        return list(self.words[:2]) in SERVERS

    @property
    def is_known(self):
        left = self.words[0] in LEFT_TO_THE_READER
        ours = self.is_run or self.is_look or self.is_server
        return left or self.is_make or ours


def commands_in(text):
    """Every command of every bash block, continued lines joined, comments left out."""
    lines = "\n".join(BLOCK.findall(text)).replace("\\\n", " ").splitlines()
    split = (shlex.split(line.removeprefix("$ "), comments=True) for line in lines)
    return [Command(tuple(words)) for words in split if words]


def documented():
    """Commands of all pages, each once, in the order they are first read."""
    found = [command for page in PAGES for command in commands_in(page.read_text())]
    return list(dict.fromkeys(found))


def recipe_of(command):
    """What ``make`` would do, not done: the Kedro commands of its recipe."""
    done = subprocess.run(
        [*command.words, "--dry-run", "--no-print-directory"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (shlex.split(line, comments=True) for line in done.stdout.splitlines())
    return [
        Command(("kedro", *words[1:]))
        for words in lines
        if words and words[0].endswith("bin/kedro")
    ]


def with_parameters(command, **extra):
    """The same ``kedro run`` with more parameters behind its own."""
    words = list(command.words)
    said = ",".join(f"{key}={value}" for key, value in extra.items())
    if "--params" not in words:
        return Command((*words, "--params", said))
    at = words.index("--params") + 1
    return Command((*words[:at], f"{words[at]},{said}", *words[at + 1 :]))
