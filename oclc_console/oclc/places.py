"""Where things are at OCLC: hosts per data centre and folders of the file exchange, and what to type into Alma for them.

Source: OCLC, "About exchanging files with OCLC", "Determine which upload directory to use" and (for the folders of
records) "Criteria for new, update, delete and merged records"; "How do I synchronize
holdings between Alma and WorldCat" for Alma's form (sub-directory without /xfer/). Not for connecting (exchange.py).
"""

from __future__ import annotations

from oclc_console.oclc.names import escape_symbol

DATA_CENTRES = {
    "filex-m1.oclc.org": "United States",
    "filex-r1.oclc.org": "Europe",
    "filex-r2.oclc.org": "Australia",
    "filex-r3.oclc.org": "Canada",
}
CENTRE_NAMES = {
    "us": "filex-m1.oclc.org", "united states": "filex-m1.oclc.org", "europe": "filex-r1.oclc.org",
    "australia": "filex-r2.oclc.org", "canada": "filex-r3.oclc.org",
}
UPLOAD_FOLDER = "/xfer/metacoll/in/bib"
REPORTS_FOLDER = "/xfer/metacoll/reports"
RECORD_FOLDERS = tuple(f"/xfer/metacoll/out/ongoing/{kind}" for kind in ("new", "updates", "deletes"))  # merges: updates


def host_of(name: str) -> str:
    """The host of a data centre called by its name (`europe`); any other name is a host already."""
    return CENTRE_NAMES.get(name.strip().lower(), name)


def on_behalf_folder(symbol: str) -> str:
    """Where an account that may upload for other institutions puts a symbol's files. Source: OCLC, "Upload files with SFTP:
    another institution"; the symbol escaped, because its special characters would stop the processing there."""
    return f"/xfer/{escape_symbol(symbol)}/metacoll/in"


def alma_form(host: str, port: int, account: str, upload_folder: str) -> list[tuple[str, str]]:
    """(field, value) lines for Alma's S/FTP definition and the publishing profile that delivers to OCLC itself."""
    sub_directory = upload_folder.removeprefix("/xfer/").strip("/")
    return [
        ("S/FTP connection, type", "SFTP"),
        ("server, port", f"{host}, {port}"),
        ("username", account),
        ("sub-directory", sub_directory),
        ("minimum number of files", "1"),
        ("maximum number and size of files", "leave blank"),
        ("server type, passive mode", "Default, ticked"),
        ("publishing profile, physical format", "Binary"),
        ("publishing profile, file compression", "disabled"),
        ("publishing profile, file name prefix", "<collection id>.<symbol>.<anything>"),
        ("Test FTP", "only 'Ftp upload success' counts; OCLC takes the file at once, so 'delete fail' and 'download fail' "
                     "are to be expected"),
    ]
