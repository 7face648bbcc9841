"""What the SFTP door counts for Prometheus: log-ins, files, bytes, refusals and bans, as its record notes them."""

from prometheus_client import Counter, Gauge

LOGINS = Counter("siaga_sftp_logins", "Log-ins at the SFTP door: accepted, refused", ["outcome"])
FILES = Counter(
    "siaga_sftp_files", "Files that came by SFTP or rsync: stored, same, held, failed, dropped", ["outcome"]
)
BYTES = Counter("siaga_sftp_received_bytes", "Bytes of whole files that came by SFTP or rsync")
REFUSALS = Counter("siaga_sftp_refusals", "What the SFTP door refused: connection, request", ["kind"])
BANS = Counter("siaga_sftp_bans", "Addresses that were banned after too many log-ins that failed")
LAST = Gauge("siaga_sftp_last_stored_timestamp_seconds", "When that user's last file was stored", ["user"])
SESSIONS = Gauge("siaga_sftp_sessions", "Connections that have logged in and are open")

_COUNTED = {  # by what the record calls it, before the colon
    "logged in": LOGINS.labels("accepted"),
    "log-in refused": LOGINS.labels("refused"),
    "stored": FILES.labels("stored"),
    "the same content as before": FILES.labels("same"),
    "held until its rename": FILES.labels("held"),
    "not stored": FILES.labels("failed"),
    "dropped": FILES.labels("dropped"),
    "connection refused": REFUSALS.labels("connection"),
    "refused": REFUSALS.labels("request"),
    "banned": BANS,
}
_WHOLE = ("stored", "the same content as before")


def count(user: str, result: str, size: int) -> None:
    """One fact of the record. size: bytes, where it is about a file."""
    if counter := _COUNTED.get(result):
        counter.inc()
    if result in _WHOLE:
        BYTES.inc(size)
        LAST.labels(user).set_to_current_time()
