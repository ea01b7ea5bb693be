"""The command line: the one place where errors become sentences and exit codes. Its arguments are arguments.py's; each command
opens the workspace, calls one operation or question and shows it (commands.py, show.py). Not for any work of its own.

Exit: 0 done; 1 done, but this command set aside or refused something; 2 wrong call or settings; 3 the other side (or this
machine) failed, safe to run again; 4 refused by a gate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from oclc_console.errors import ConsoleError, HereError, from_os_error


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = argparse.Namespace(command="oclc-console")
    try:
        from oclc_console.cli.arguments import parser
        from oclc_console.cli.streams import make_writable

        make_writable()
        options = parser().parse_args(_with_a_pack(sys.argv[1:] if arguments is None else arguments))
        from oclc_console.cli import commands

        return commands.run(options)
    except ConsoleError as error:
        return _failed(error, options)
    except BrokenPipeError:
        from oclc_console.cli.streams import fall_silent

        fall_silent(1)  # whoever read our output has gone
        return 3
    except OSError as error:
        return _failed(from_os_error(error, f"running {options.command or 'the console'}"), options)
    except KeyboardInterrupt:
        return _failed(HereError("stopped", then="Run the same command again: it goes on where it was."), options)
    except _kinds_of_damage() as error:
        from oclc_console.cli.damaged import in_words

        return _failed(in_words(error, getattr(options, "workspace", None)), options)


def _with_a_pack(arguments: Sequence[str]) -> Sequence[str]:
    """`oclc-console WID.pack` opens that pack: it is the workspace then."""
    if arguments and arguments[0].lower().endswith(".pack"):
        return ["--workspace", *arguments]
    return arguments


def _kinds_of_damage() -> tuple[type[Exception], ...]:
    from oclc_console.cli.damaged import kinds

    return kinds()


def _failed(error: ConsoleError, options: argparse.Namespace) -> int:
    from oclc_console.cli.show import print_error

    print_error(error, as_json=getattr(options, "json", False))
    return error.exit_code
