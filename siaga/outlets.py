"""Where alerts are handed over, and how old an event may be for one: a part of the settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MAIL = re.compile(r"smtps?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[\x21-\x7e]*)?")
_TELEGRAM = "https://api.telegram.org"


@dataclass(frozen=True, slots=True)
class Outlets:
    """mail_url: of the SMTP server, "" for none; mail_from: the address that mails come from. telegram_url: of the Bot
    API. whatsapp_url: of a gateway, "" for none. hours: an event's age when its map comes, and its map's, at the most.
    """

    mail_url: str
    mail_from: str
    telegram_url: str
    whatsapp_url: str
    hours: float

    @classmethod
    def of(cls, env: Mapping[str, str], host: str, wrong: list[str]) -> "Outlets":
        """Read them. host: of the web app, for the sender's address. wrong: gets a sentence for each that is wrong."""
        mail, telegram = env.get("SIAGA_MAIL_URL", ""), env.get("SIAGA_TELEGRAM_URL") or _TELEGRAM
        whatsapp, hours = env.get("SIAGA_WHATSAPP_URL", ""), env.get("SIAGA_ALERT_HOURS") or "6"
        if mail and not _MAIL.fullmatch(mail):
            wrong.append(f"SIAGA_MAIL_URL is not like smtp://mail.example.id:587 or smtps://mail.example.id: {mail}")
        for name, word in (("SIAGA_TELEGRAM_URL", telegram), ("SIAGA_WHATSAPP_URL", whatsapp)):
            if word and not _ADDRESS.fullmatch(word):
                wrong.append(f"{name} is not like https://pesan.example.id/kirim: {word}")
        if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", hours):
            wrong.append(f"SIAGA_ALERT_HOURS is not a number: {hours}")
            hours = "0"
        sender = env.get("SIAGA_MAIL_FROM") or f"siaga@{host}"
        return cls(mail, sender, telegram.rstrip("/"), whatsapp, float(hours))
