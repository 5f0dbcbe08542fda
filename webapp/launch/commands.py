"""The commands of `python3 -m webapp`, once the environment is there."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy.exc import OperationalError

from webapp.launch import bootstrap
from webapp.launch.trouble import Trouble
from webapp.settings import Settings, SettingsError, load

Command = Callable[[argparse.Namespace], int]


def main(arguments: list[str]) -> int:
    """Run one command; trouble that the operator can mend is one sentence, not a traceback."""
    parsed = parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed) or 0)
    except (SettingsError, Trouble, bootstrap.CannotSetUp) as fault:
        print(str(fault), file=sys.stderr)
        return 2
    except OperationalError as fault:
        reason = str(fault.orig).strip().splitlines()[0] if fault.orig else str(fault)
        print(f"The database cannot be used: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """All commands and their options, as docs/operations.md lists them."""
    top = argparse.ArgumentParser(prog="python3 -m webapp", usage=bootstrap.USAGE)
    commands = top.add_subparsers(required=True, metavar="command")

    def add(name: str, run: Command) -> argparse.ArgumentParser:
        one = commands.add_parser(name)
        one.set_defaults(run=run)
        return one

    up = add("up", run_up)
    up.add_argument("--host")
    up.add_argument("--port", type=int)
    up.add_argument("--check", action="store_true")
    up.add_argument("--no-demo", action="store_true")
    for name, run in (("test", run_test), ("check", run_check)):
        one = add(name, run)
        one.add_argument("-k", metavar="EXPRESSION")
        one.add_argument("--fast", action="store_true")
        one.add_argument("rest", nargs="*", help="files, or anything else for pytest after --")
    add("serve", run_serve)
    add("worker", run_worker)
    add("scheduler", run_scheduler)
    add("migrate", run_migrate).add_argument("--autogenerate", metavar="WHAT_CHANGES")
    demo = add("demo", run_demo)
    for option, default in (("members", 2000), ("units", 40), ("days", 60), ("seed", 1)):
        demo.add_argument(f"--{option}", type=int, default=default)
    demo.add_argument("--until", type=date.fromisoformat, help="YYYY-MM-DD, yesterday if left out")
    add("audit", run_audit).add_argument("--json", action="store_true")
    feed = add("import-activities", run_import_activities)
    feed.add_argument("file", metavar="FILE.csv")
    feed.add_argument("--source", required=True, metavar="NAME", help="the partner, as its mapping file is called")
    feed.add_argument("--dry-run", action="store_true", help="tell what would happen, write nothing")
    feed.add_argument("--report", metavar="FILE", help="write the rows left out here, not to standard error")
    energy = add("import-energy", run_import_energy)
    energy.add_argument("file", metavar="FILE")
    energy.add_argument("--dry-run", action="store_true", help="tell what would happen, write nothing")
    add("verify-trips", run_verify_trips).add_argument("file", metavar="FILE.jsonl")
    add("openapi", run_openapi)
    add("admin-token", run_admin_token)
    return top


def run_up(given: argparse.Namespace) -> int:
    from webapp.launch import up

    return up.run(host=given.host, port=given.port, check=given.check, demo=not given.no_demo)


def run_test(given: argparse.Namespace) -> int:
    from webapp.launch import testing

    return testing.run(expression=given.k, fast=given.fast, rest=given.rest)


def run_check(given: argparse.Namespace) -> int:
    from webapp.launch import check

    return check.run(expression=given.k, fast=given.fast, rest=given.rest)


def run_serve(_given: argparse.Namespace) -> int:
    from webapp.launch import serve

    return serve.run(ready(load()))


def run_worker(_given: argparse.Namespace) -> int:
    from webapp import worker

    worker.run(ready(load()))
    return 0


def run_scheduler(_given: argparse.Namespace) -> int:
    from webapp import scheduler

    scheduler.run(ready(load()))
    return 0


def ready(settings: Settings) -> Settings:
    """What every production process checks first: the tables are there, and no demo sign-in is."""
    from webapp.launch.logs import set_up_logs
    from webapp.store import Store
    from webapp.store.migrate import is_current

    set_up_logs(settings)
    if not is_current(settings.database_url):
        raise Trouble("The database is not at this version's tables; run: python3 -m webapp migrate")
    if settings.production:
        from webapp.members.queries import is_demo

        store = Store(settings.database_url)
        try:
            if is_demo(store):
                raise Trouble(
                    "This database holds the demo world, whose passwords everybody knows; "
                    "production starts with an empty database."
                )
        finally:
            store.dispose()
    return settings


def run_migrate(given: argparse.Namespace) -> int:
    from webapp.store import migrate

    settings = load()
    if given.autogenerate:
        print(migrate.write_next(given.autogenerate))
        return 0
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    before, after = migrate.upgrade(settings.database_url)
    print(f"The database is at {after}" + ("." if before == after else f" (was {before or 'empty'})."))
    return 0


def run_demo(given: argparse.Namespace) -> int:
    from webapp.launch import seeding
    from webapp.launch.secrets import make_secrets
    from webapp.store import Store, migrate

    make_secrets(load())
    settings = load()
    if settings.production:
        raise Trouble("The demo world has well-known passwords and is never made in production.")
    migrate.upgrade(settings.database_url)
    store = Store(settings.database_url)
    seeding.refuse_unless_empty(store)
    until = given.until or seeding.yesterday()
    seeding.build(
        settings,
        store,
        members=given.members,
        units=given.units,
        days=given.days,
        seed=given.seed,
        until=until,
    )
    store.dispose()
    return 0


def run_audit(given: argparse.Namespace) -> int:
    from webapp import audit
    from webapp.store import Store

    return int(audit.main(Store(ready(load()).database_url), as_json=given.json))


def run_import_activities(given: argparse.Namespace) -> int:
    from webapp.launch import feeding

    return feeding.run(ready(load()), given.file, given.source, dry_run=given.dry_run, report=given.report)


def run_import_energy(given: argparse.Namespace) -> int:
    from webapp.launch import energy_feed

    return energy_feed.run(ready(load()), given.file, dry_run=given.dry_run)


def run_verify_trips(given: argparse.Namespace) -> int:
    from webapp.launch import verify_trips

    return verify_trips.run(given.file)


def run_openapi(_given: argparse.Namespace) -> int:
    import json

    from webapp.api import openapi

    document: Any = openapi.document()
    print(document if isinstance(document, str) else json.dumps(document, ensure_ascii=False, indent=2))
    return 0


def run_admin_token(_given: argparse.Namespace) -> int:
    from webapp.app import build_house
    from webapp.launch.seeding import admin_link, admin_token

    house = build_house(ready(load()))
    token = admin_token(house)
    if token is None:
        raise Trouble("There is an administrator already; roles are given in the console.")
    print(f"Open this once, within a day: {admin_link(house.settings.base_url, token)}")
    return 0
