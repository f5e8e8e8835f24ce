"""The command ``fairlead``: run the pipeline, simulate a policy, say what there is.

Exit codes: 0 well, 1 an error said in one line, 2 wrong usage, 130 interrupted. Rooms are imported
by the commands that use them, so ``--help`` and ``--version`` are quick.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

from fairlead.cli.arguments import parser
from fairlead.errors import FairleadError

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; by default those of the process.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> main(["simulate", "--jobs", "100", "--nodes", "2"])  # doctest: +ELLIPSIS
    generated: 100 jobs over ...
    0
    """
    from fairlead.cli import commands

    given = sys.argv[1:] if argv is None else list(argv)
    args = parser().parse_args(given)
    args.line = shlex.join(["fairlead", *given])
    try:
        getattr(commands, args.command)(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("fairlead: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone, as in `fairlead ... | head`; what is left must go nowhere at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (FairleadError, OSError) as error:
        print(f"fairlead: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0
