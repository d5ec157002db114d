"""The command line, `databourse`: what an operator does."""

import json
import os
import sys
from dataclasses import replace
from datetime import datetime
from typing import TextIO

import click

from app.commands.assets import assets
from app.commands.bank import bank
from app.commands.bills import bills
from app.commands.complaints import complaints
from app.commands.data_sets import data_set
from app.commands.demo import demo
from app.commands.evidence import evidence
from app.commands.fees import fees
from app.commands.listing import listing
from app.commands.mandates import mandates
from app.commands.money import rails, reconcile, refunds
from app.commands.opening import opened, telling
from app.commands.package import package
from app.commands.search import search
from app.commands.volume import volume
from app.commands.webhooks import webhooks
from config.settings import BadSetting, Settings
from databourse_client.commands import data


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="databourse")
@click.pass_context
def main(context: click.Context) -> None:
    """Databourse: a data exchange and public-data authorised-operation platform."""
    try:
        context.obj = Settings.load(os.environ)
    except BadSetting as error:
        raise click.UsageError(str(error)) from error


for _each in (
    assets, bank, bills, complaints, data, data_set, demo, evidence, fees, listing, mandates,
    package, rails, refunds,
    reconcile, search, volume, webhooks,
):  # fmt: skip
    main.add_command(_each)


@main.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    import migrations

    with opened(settings) as built:
        step = migrations.upgrade(built.engines.write)
        click.echo(f"{built.engines.url.render_as_string(hide_password=True)}: {step}")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, help="0: any free one.")
@click.option("--processes", default=1, show_default=True, help="More than one: PostgreSQL only.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int, processes: int) -> None:
    """Serve the exchange until told to stop (no migration, no demonstration)."""
    from app import serve as server

    try:
        server.run(settings, host=host, port=port, processes=processes)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, help="Taken? Then the next free one.")
@click.pass_obj
def run(settings: Settings, host: str, port: int) -> None:
    """Migrate, play story and sixteen scenarios into a new database once, and serve them."""
    from app.story import demonstration

    if settings.production:
        raise click.UsageError("run is for demonstrations; use migrate and serve")
    settings = replace(settings, clock="adjustable", rails=settings.rails or "fake")
    demonstration.run(settings, host=host, port=port, say=click.echo)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="End with one JSON object.")
@click.option(
    "--database-url",
    help="A PostgreSQL server to play in: a database of its own is made there, and dropped.",
)
@click.pass_obj
def story(settings: Settings, *, as_json: bool, database_url: str | None) -> None:
    """Play the main job against a fresh database through a served app, step by step."""
    from app.story import player

    url = database_url or (
        settings.database_url if settings.database_url.startswith("postgres") else None
    )
    told = player.play_fresh(settings, url, say=lambda line: click.echo(line, err=as_json))
    if as_json:
        click.echo(json.dumps(told.summary(), ensure_ascii=False))
    sys.exit(0 if told.ok else 1)


@main.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.pass_obj
def work(settings: Settings, *, once: bool) -> None:
    """Run errands and the timetable, beside servers whose own worker is off."""
    from threading import Event as Signal

    from app import house, observe, worker

    observe.configure_logs(level=settings.log_level)
    with opened(settings) as built:
        house.leave_be()
        if once:
            jobs = worker.run_jobs(built)
            worker.file_decisions(built)
            errands = worker.drain(built)
            click.echo(f"{jobs} jobs, {errands} errands")
        else:
            worker.run_all(built, Signal())


@main.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def verify(settings: Settings, *, as_json: bool) -> None:
    """Verify the evidence chain; exit status 4 when something does not hold."""
    from kernel import evidence

    with opened(settings) as built, built.engines.reading() as session:
        report = evidence.verify(session, built.crypto)
    findings = [{"code": finding.code, "at": finding.at} for finding in report.findings]
    if as_json:
        told = {"ok": report.ok, "seals": report.seals, "events": report.events,
                "unsealed": report.unsealed, "findings": findings}  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(f"{report.events} events, {report.seals} seals, {report.unsealed} unsealed")
        for finding in findings:
            click.echo(f"{finding['code']}: {finding['at']}")
    sys.exit(0 if report.ok else 4)


@main.command()
@click.option("--full", is_flag=True, help="Read closed months and blocks again as well.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def fsck(settings: Settings, *, full: bool, as_json: bool) -> None:
    """Check every invariant of the books; status 1 when one does not hold, 2 when unread."""
    from settlement import fsck as books

    try:
        with opened(settings) as built, built.engines.reading() as session:
            told = list(books.examine(session, built.crypto, full=full))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    failed = [one for one in told if one.failed]
    if as_json:
        checks = [one._asdict() | {"says": one.says._asdict()} for one in told]
        findings = [{"code": one.code, "at": at} for one in failed for at in one.first]
        summary = {"ok": not failed, "full": full, "findings": findings, "checks": checks}
        click.echo(json.dumps(summary, ensure_ascii=False))
    else:
        for one in failed:
            places = ", ".join(one.first) + (" …" if one.failed > len(one.first) else "")
            click.echo(f"{one.code}: {one.failed} of {one.checked}: {places}")
        looked = f"{len(told)} invariants, {sum(one.checked for one in told)} things looked at"
        click.echo(f"{looked}: {'ok' if not failed else f'{len(failed)} do not hold'}", err=True)
    sys.exit(0 if not failed else 1)


@main.group()
def db() -> None:
    """Print what a database administrator runs."""


@db.command("roles")
@click.option("--name", default="databourse_app", show_default=True)
def roles(name: str) -> None:
    """Print SQL for a PostgreSQL role that can run the exchange and not rewrite its books.

    Run it as the owner of the tables, after every migrate, and let the exchange sign in as
    that role; migrate stays with the owner. Nothing is changed by this command.
    """
    from migrations import roles as drawn

    try:
        click.echo(";\n".join(drawn.statements(name)) + ";")
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@main.group()
def rules() -> None:
    """Ask what rules do to assessments that have been concluded. Nothing is written."""


@rules.command()
@click.argument("path", metavar="RULES.toml", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def simulate(settings: Settings, path: str, *, as_json: bool) -> None:
    """Replay every concluded assessment under RULES.toml; tell which results would differ."""
    from pathlib import Path

    from config import rules as rule_files
    from kernel.work import Rules
    from licensing.assessing import replays

    try:
        changed = Rules(*rule_files.parse(path, Path(path).read_text("utf-8")))
        with opened(settings) as built, built.engines.reading() as session:
            told = list(replays.simulate(session, changed))
    except rule_files.BadRules as error:
        raise click.UsageError(str(error)) from error
    differing = [one for one in told if one.differs]
    if as_json:
        rows = [{"assessment_id": one.assessment_id, "scenario_id": one.scenario_id,
                 "before": one.before, "after": one.after, "mean_before": one.mean_before,
                 "mean_after": one.mean_after} for one in differing]  # fmt: skip
        summary = {"version": changed.version, "replayed": len(told), "differ": rows}
        click.echo(json.dumps(summary, ensure_ascii=False))
        return
    for one in differing:
        click.echo(f"{one.assessment_id}: {one.before} -> {one.after}")
    click.echo(f"{len(told)} replayed under {changed.version}, {len(differing)} differ")


@rules.command()
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def recompute(settings: Settings, *, as_json: bool) -> None:
    """Recompute every result from its sheets, every draw from its seed; status 4 if one differs."""
    from licensing.assessing import replays

    with opened(settings) as built, built.engines.reading() as session:
        findings = [{"code": found.code, "at": found.at} for found in replays.check(session)]
    if as_json:
        click.echo(json.dumps({"ok": not findings, "findings": findings}, ensure_ascii=False))
    else:
        click.echo("\n".join(f"{one['code']}: {one['at']}" for one in findings) or "ok")
    sys.exit(0 if not findings else 4)


@main.group()
def certificate() -> None:
    """Check certificates, without the exchange that issued them."""


@certificate.command("verify")
@click.argument("credential", metavar="FILE", type=click.File())
@click.option("--keys", "key_set", type=click.File(), required=True, help="The JWK set, as JSON.")
@click.option("--status", "lists", type=click.File(), multiple=True, help="Once for each list.")
@click.option("--at", required=True, help="The time that is meant: 2026-07-01T12:00:00+08:00.")
@click.option("--json", "as_json", is_flag=True)
def verify_certificate(
    credential: TextIO, key_set: TextIO, lists: tuple[TextIO, ...], at: str, *, as_json: bool
) -> None:
    """Check a credential offline, by keys and status lists; exit status 4 unless all holds."""
    from licensing.papers import checks, tokens

    try:
        keys = tokens.strict_json(key_set.read())
        moment = datetime.fromisoformat(at)
    except (tokens.Untrusted, ValueError) as error:
        raise click.UsageError(str(error)) from error
    if moment.tzinfo is None or not isinstance(keys, dict):
        raise click.UsageError("--at needs a time zone, and --keys an object with keys in it")
    told = checks.offline(credential.read(), keys, [one.read() for one in lists], moment)
    ok = all(one.ok for one in told)
    if as_json:
        rows = [{"name": one.name, "ok": one.ok, "code": one.code, "detail": one.words.en}
                for one in told]  # fmt: skip
        click.echo(json.dumps({"ok": ok, "checks": rows}, ensure_ascii=False))
    else:
        for one in told:
            click.echo(f"{'ok' if one.ok else 'NO':3}{one.name:10} {one.code}: {one.words.en}")
    sys.exit(0 if ok else 4)


@main.group()
def organisation() -> None:
    """Enter organisations: the first of a new exchange, before anybody can sign in."""


@organisation.command("add")
@click.option("--uscc", required=True, help="Unified social credit code, 18 characters.")
@click.option("--name-zh", required=True)
@click.option("--name-en", required=True)
@click.option("--region", required=True, help="GB/T 2260, six digits.")
@click.option("--role", "roles", multiple=True, required=True)
@click.pass_obj
def add_organisation(
    settings: Settings, uscc: str, name_zh: str, name_en: str, region: str, roles: tuple[str, ...]
) -> None:
    """Enter an organisation as active, with its roles."""
    from app import founding

    with telling(), opened(settings) as built:
        made = founding.add_organisation(
            built,
            uscc=uscc,
            name_zh=name_zh,
            name_en=name_en,
            region=region,
            roles=roles,
        )
    click.echo(made)


@main.group()
def person() -> None:
    """Enter people: the first of a new exchange."""


@person.command("add")
@click.option("--login", required=True)
@click.option("--name", required=True)
@click.option("--organisation", "organisation_id", required=True)
@click.option("--duty", "duties", multiple=True, required=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.pass_obj
def add_person(
    settings: Settings,
    login: str,
    name: str,
    organisation_id: str,
    duties: tuple[str, ...],
    password: str,
) -> None:
    """Enter a person and let them act for an organisation."""
    from app import founding

    with telling(), opened(settings) as built:
        made = founding.add_person(
            built,
            login=login,
            name=name,
            password=password,
            organisation_id=organisation_id,
            duties=duties,
        )
    click.echo(made)


if __name__ == "__main__":
    main()
