"""The door: `python3 -m webapp …` on a bare machine; sets up the environment, then hands over to it."""

from __future__ import annotations

import os
import sys

NEEDS_DEVELOPMENT = ("test", "check")


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python runs this line
        return _refuse("Puhui needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031 - likewise
    from webapp.launch import bootstrap

    arguments = sys.argv[1:]
    command = arguments[0] if arguments else ""
    if command in ("", "-h", "--help", "help"):
        print(bootstrap.USAGE)
        return 0 if command else 2
    if command not in bootstrap.COMMANDS:
        return _refuse(f"There is no command {command}.\n\n{bootstrap.USAGE}")
    if command == "verify-trips":  # the standard library is enough: no set-up, and judging starts at once
        from webapp.launch import verify_trips

        return verify_trips.main(arguments[1:])
    try:
        python = bootstrap.ensure(development=command in NEEDS_DEVELOPMENT)
    except bootstrap.CannotSetUp as fault:
        return _refuse(str(fault))
    if not bootstrap.inside():
        os.chdir(bootstrap.ROOT)
        sys.stdout.flush()
        os.execv(python, [str(python), "-m", "webapp", *arguments])  # noqa: S606 - our own interpreter
    from webapp.launch import commands

    return commands.main(arguments)


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
