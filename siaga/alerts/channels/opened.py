"""The channels that the settings open."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from siaga.alerts.channel import Channel
from siaga.alerts.channels.cap import Cap
from siaga.alerts.channels.mail import Mail, Server
from siaga.alerts.channels.telegram import Telegram
from siaga.alerts.channels.webhook import Webhook
from siaga.alerts.channels.whatsapp import WhatsApp
from siaga.outgoing import Guard
from siaga.outlets import UNSET
from siaga.settings import Settings


def channels(settings: Settings) -> Mapping[str, Channel]:
    """By name; those for which there is no server or token are missing."""
    allowed, key = guard(settings), settings.secret("alerts-key")
    found: dict[str, Channel] = {
        "webhook": Webhook(allowed, key),
        "cap": Cap(settings.public_url, allowed, key),
    }
    if settings.outlets.mail_url:
        login = _secret(settings, "mail-user"), _secret(settings, "mail-password")
        found["email"] = Mail(Server(settings.outlets.mail_url, settings.outlets.mail_from, *login))
    if token := _secret(settings, "telegram-token"):
        found["telegram"] = Telegram(settings.outlets.telegram_url, token)
    if settings.outlets.whatsapp_url:
        found["whatsapp"] = WhatsApp(settings.outlets.whatsapp_url, _secret(settings, "whatsapp-token"))
    return found


def guard(settings: Settings) -> Guard:
    """Which addresses of subscribers may be posted to: no port of Siaga's own, as gateway.callback has it."""
    ports = [settings.store_port, settings.gateway_port, settings.sftp_port, settings.web_port]
    ports += range(settings.function_port, settings.function_port + 20)
    found = urlsplit(settings.store_url).port
    return Guard(settings.callback_networks, [*ports, *([found] if found else [])])


def _secret(settings: Settings, name: str) -> str:
    """That secret, or nothing where there is none."""
    value = settings.secret(name) if (settings.secrets / name).exists() else ""
    return "" if value == UNSET else value
