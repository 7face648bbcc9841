"""Where alerts are handed over, and how old an event may be for one: a part of the settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from siaga.conventions import CONVENTIONS

ADDRESSES = {  # by channel: what an address looks like, and an example of one
    "email": (re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"), "posko@bpbd.example.id"),
    "webhook": (re.compile(r"https?://[^\s/@\\]+(/[\x21-\x7e]*)?"), "https://bpbd.example.id/siaga"),
    "cap": (re.compile(r"https?://[^\s/@\\]+(/[\x21-\x7e]*)?"), "https://hub.example.id/cap"),
    "telegram": (re.compile(r"-?\d{1,20}|@[A-Za-z0-9_]{5,32}"), "-1001234567890"),
    "whatsapp": (re.compile(r"\+?\d{6,15}"), "+628123456789"),
}
SECRETS = ("mail-user", "mail-password", "telegram-token", "whatsapp-token")
UNSET = "unset"  # in the file of one of them: there is none; a file stands there, so that containers can be handed it
_MAIL = re.compile(r"smtps?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[\x21-\x7e]*)?")
_TELEGRAM = "https://api.telegram.org"


@dataclass(frozen=True, slots=True)
class Outlets:
    """mail_url: of the SMTP server, "" for none; mail_from: the address that mails come from. telegram_url: of the Bot
    API. whatsapp_url: of a gateway, "" for none. hours: an event's age when its map comes, and its map's, at the most.
    operators: channel and address of each who hears of Siaga itself, in operators_language.
    is_open: whether strangers may subscribe by mail.
    """

    mail_url: str
    mail_from: str
    telegram_url: str
    whatsapp_url: str
    hours: float
    operators: tuple[tuple[str, str], ...]
    operators_language: str
    is_open: bool

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
        language = env.get("SIAGA_OPERATORS_LANGUAGE") or next(iter(CONVENTIONS))
        if language not in CONVENTIONS:
            wrong.append(f"SIAGA_OPERATORS_LANGUAGE is {language}; there are {', '.join(CONVENTIONS)}")
        operators = _operators(env.get("SIAGA_OPERATORS", ""), wrong)
        public = env.get("SIAGA_OPEN_SUBSCRIPTIONS") or "no"
        if public not in ("yes", "no"):
            wrong.append(f"SIAGA_OPEN_SUBSCRIPTIONS is neither yes nor no: {public}")
        sender = env.get("SIAGA_MAIL_FROM") or f"siaga@{host}"
        return cls(mail, sender, telegram.rstrip("/"), whatsapp, float(hours), operators, language, public == "yes")


def _operators(text: str, wrong: list[str]) -> tuple[tuple[str, str], ...]:
    """Channel and address of each: email:siaga@bnpb.example.id telegram:-1001234567890."""
    named = []
    for word in text.split():
        channel, _, address = word.partition(":")
        pattern, example = ADDRESSES.get(channel, ADDRESSES["email"])
        if channel not in ADDRESSES or channel == "cap":  # which tells events alone
            wrong.append(
                f"SIAGA_OPERATORS names {word}, which is not like email:{example}; channels: {' '.join(ADDRESSES)}"
            )
        elif not pattern.fullmatch(address):
            wrong.append(f"SIAGA_OPERATORS names {word}, which is not like {channel}:{example}")
        named.append((channel, address))
    return tuple(named)
