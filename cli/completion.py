"""``combkit completion``: a shell script made from the parsers themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from combkit.cli.exits import Exit
from combkit.cli.interrupts import Interrupts
from combkit.cli.main import COMMANDS, build_parser
from combkit.cli.parser import examples
from combkit.comb.registry import solvers

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.epilog = examples(
        "combkit completion bash > ~/.local/share/bash-completion/completions/combkit",
        'combkit completion zsh > "${fpath[1]}/_combkit"',
        "combkit completion fish > ~/.config/fish/completions/combkit.fish",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(args: argparse.Namespace, interrupts: Interrupts) -> int:
    """Print the script."""
    write = {"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell]
    print(write(_commands()))
    return Exit.OK


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command.

    Parameters
    ----------
    flags : tuple of str
        ``("-o", "--output")``.
    help : str
        One line.
    takes_value : bool
        Whether a value follows.
    values : tuple of str
        Its possible values; empty: a file name or anything.
    """

    flags: tuple[str, ...]
    help: str
    takes_value: bool
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its options and the values of its first word (or files)."""

    name: str
    help: str
    options: tuple[Option, ...]
    words: tuple[str, ...]


def _commands() -> list[Command]:
    """Read the commands off the parsers, and solvers and kinds off the registry."""
    rows = solvers()
    names = ("auto", *dict.fromkeys(row.name for row in rows))
    kinds = tuple(dict.fromkeys(kind for row in rows for kind in row.kinds))
    parser = build_parser(tuple(COMMANDS))
    (table,) = (
        action
        for action in parser._actions  # noqa: SLF001  (argparse has no other way)
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    commands = []
    for name, child in table.choices.items():
        options: list[Option] = []
        words: tuple[str, ...] = ()
        for action in child._actions:  # noqa: SLF001
            values = tuple(action.choices or ())
            if action.option_strings:
                if action.dest == "solver":
                    values = names
                options.append(
                    Option(
                        tuple(action.option_strings),
                        " ".join((action.help or "").split()).replace("'", ""),
                        action.nargs != 0,
                        values,
                    )
                )
            else:
                words = words or (kinds if action.dest == "kind" else values)
        commands.append(Command(name, COMMANDS[name], tuple(options), words))
    return commands


_BASH = """\
# bash completion of combkit
_combkit() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}"
  local previous="${{COMP_WORDS[COMP_CWORD-1]}}"
  local flags='' words=''
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '{names} --help --version' -- "$current"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{cases}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    compopt -o default
    COMPREPLY=()
  fi
}}
complete -F _combkit combkit"""


def _bash(commands: Sequence[Command]) -> str:
    cases = []
    for command in commands:
        flags = " ".join(flag for option in command.options for flag in option.flags)
        cases += [
            f"    {command.name})",
            f"      flags='{flags}' words='{' '.join(command.words)}'",
            '      case "$previous" in',
            *(
                f"        {'|'.join(o.flags)}) words='{' '.join(o.values)}' ;;"
                for o in command.options
                if o.takes_value
            ),
            "      esac ;;",
        ]
    names = " ".join(command.name for command in commands)
    return _BASH.format(names=names, cases="\n".join(cases))


_ZSH = """\
#compdef combkit
# zsh completion of combkit
_combkit() {{
  local -a commands
  commands=(
{names}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
{cases}
  esac
}}
compdef _combkit combkit"""


def _zsh(commands: Sequence[Command]) -> str:
    cases = []
    for command in commands:
        specs = [_zsh_option(option) for option in command.options]
        first = f"({' '.join(command.words)})" if command.words else "_files"
        specs.append(f"'*:argument:{first}'")
        cases += [f"    {command.name})", "      _arguments \\"]
        cases += [f"        {spec} \\" for spec in specs[:-1]]
        cases.append(f"        {specs[-1]} ;;")
    names = "\n".join(f"    '{c.name}:{c.help}'" for c in commands)
    return _ZSH.format(names=names, cases="\n".join(cases))


def _zsh_option(option: Option) -> str:
    """Return one specification of ``_arguments``."""
    about = option.help.replace("[", "(").replace("]", ")").replace(":", "\\:")
    value = ""
    if option.takes_value:
        choice = f"({' '.join(option.values)})" if option.values else "_files"
        value = f":value:{choice}"
    if len(option.flags) == 1:
        return f"'{option.flags[0]}[{about}]{value}'"
    together = " ".join(option.flags)
    return f"'({together})'{{{','.join(option.flags)}}}'[{about}]{value}'"


def _fish(commands: Sequence[Command]) -> str:
    lines = ["# fish completion of combkit"]
    first = "complete -c combkit -n __fish_use_subcommand"
    lines += [f"{first} -f -a {c.name} -d '{c.help}'" for c in commands]
    for command in commands:
        here = f"complete -c combkit -n '__fish_seen_subcommand_from {command.name}'"
        if command.words:
            lines.append(f"{here} -f -a '{' '.join(command.words)}'")
        for option in command.options:
            lines.append(" ".join([here, *_fish_option(option)]))
    return "\n".join(lines)


def _fish_option(option: Option) -> list[str]:
    parts = [
        f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
        for flag in option.flags
    ]
    if option.values:
        parts.append(f"-x -a '{' '.join(option.values)}'")
    elif option.takes_value:
        parts.append("-r")
    return [*parts, f"-d '{option.help}'"]
