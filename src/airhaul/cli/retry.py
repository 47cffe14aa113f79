"""``airhaul retry``: the rejected rows of a run are sent again."""

from __future__ import annotations

from pathlib import Path

from airhaul.cli.connect import AsJson, Base, JournalOption, Token, connect_as, open_journal
from airhaul.cli.resume import RunOption
from airhaul.cli.runs import report_of
from airhaul.cli.writing import RejectsOption, carry_out, check_rejects
from airhaul.errors import JournalError


def retry(
    run: RunOption = None,
    *,
    rejects: RejectsOption = None,
    base: Base = None,
    token: Token = None,
    journal: JournalOption = None,
    as_json: AsJson = False,
) -> int:
    """Send the rejected rows of a run again, after their file was corrected.

    It is the file that --rejects named when the run was made. What is rejected this time goes to
    another file, where --rejects names one.
    """
    found = open_journal(journal).run(run)
    if found.asked.rejects is None:
        raise JournalError(
            f"Run {found.id} kept no file of rejected rows; import with --rejects to have one."
        )
    file = Path(found.asked.rejects)
    check_rejects(rejects, file)
    report = report_of(found, as_json=as_json, file=file, rejects=rejects)
    with connect_as(found, base, token, journal) as airtable:
        return carry_out(
            lambda on_event: airtable.retry(found.id, on_event=on_event, rejects=rejects),
            report,
            label=f"Importing {file.name}",
        )
